# 10 instructions

arc_drop:
	endbr64
	mov    $0xffffffff,%eax
	lock xadd %eax,(%rdi)
	cmp    $0x1,%eax
	jne    .L1
	jmp    kfree
.L1:
	jge    .L2
	mov    $0x3,%esi
	jmp    refcount_warn_saturate
.L2:
	jmp    __x86_return_thunk
