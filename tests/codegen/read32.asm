# 4 instructions

read32:
	endbr64
	mov    (%rdi),%rax
	mov    0x4(%rax),%eax
	jmp    __x86_return_thunk
