# 16 instructions

kbox_new:
	endbr64
	push   %rbx
	mov    %rdi,%rbx
	mov    kmalloc_caches+0x18(%rip),%rdi
	mov    $0x8,%ecx
	mov    $0xcc0,%esi
	mov    $0xffffffff,%edx
	call   __kmalloc_cache_node_noprof
	test   %rax,%rax
	je     .L1
	mov    %rbx,(%rax)
	pop    %rbx
	jmp    __x86_return_thunk
.L1:
	xor    %eax,%eax
	pop    %rbx
	jmp    __x86_return_thunk
