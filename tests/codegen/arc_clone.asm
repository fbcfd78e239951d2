# 16 instructions

arc_clone:
	endbr64
	push   %rbx
	mov    (%rdi),%rbx
	mov    $0x1,%eax
	lock xadd %eax,(%rbx)
	mov    $0x2,%esi
	test   %eax,%eax
	je     .L1
	mov    $0x1,%esi
	cmp    $0x7fffffff,%eax
	jb     .L2
.L1:
	mov    %rbx,%rdi
	call   refcount_warn_saturate
.L2:
	mov    %rbx,%rax
	pop    %rbx
	jmp    __x86_return_thunk
