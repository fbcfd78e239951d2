# 11 instructions

arc_drop:
	endbr64
	mov    $0xffffffff,%eax
	lock xadd %eax,(%rdi)
	test   %eax,%eax
	jle    .L1
	cmp    $0x1,%eax
	jne    .L2
	jmp    kfree
.L1:
	mov    $0x3,%esi
	jmp    refcount_warn_saturate
.L2:
	jmp    __x86_return_thunk
