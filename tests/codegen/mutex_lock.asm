# 11 instructions

mutex_lock:
	endbr64
	push   %r14
	push   %rbx
	mov    %rsi,%rbx
	mov    %rdi,%r14
	call   mutex_lock
	mov    %rbx,0x20(%r14)
	mov    %r14,%rdi
	pop    %rbx
	pop    %r14
	jmp    mutex_unlock
