# 17 instructions

arc_clone:
	endbr64
	push   %rbx
	mov    (%rdi),%rbx
	mov    $0x1,%esi
	mov    $0x1,%eax
	lock xadd %eax,(%rbx)
	test   %eax,%eax
	je     .L1
	cmp    $0x7fffffff,%eax
	jae    .L2
	jmp    .L3
.L1:
	mov    $0x2,%esi
.L2:
	mov    %rbx,%rdi
	call   refcount_warn_saturate
.L3:
	mov    %rbx,%rax
	pop    %rbx
	jmp    __x86_return_thunk
