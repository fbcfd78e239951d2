# 11 instructions

spin_lock:
	endbr64
	push   %r14
	push   %rbx
	mov    %rsi,%rbx
	mov    %rdi,%r14
	call   _raw_spin_lock
	mov    %rbx,0x8(%r14)
	mov    %r14,%rdi
	pop    %rbx
	pop    %r14
	jmp    _raw_spin_unlock
