# 5 instructions

atomic_fetch_add:
	endbr64
	mov    $0x1,%eax
	lock xadd %eax,(%rdi)
	add    (%rdi),%eax
	jmp    __x86_return_thunk
