# 4 instructions

write32:
	endbr64
	mov    (%rdi),%rax
	mov    %esi,0x4(%rax)
	jmp    __x86_return_thunk
