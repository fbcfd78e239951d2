# 88 instructions

transmit:
	endbr64
	push   %rbp
	push   %r15
	push   %r14
	push   %rbx
	mov    %rdi,%rbx
	movzbl 0xc0(%rsi),%eax
	test   %al,%al
	je     .L1
	movb   $0x0,0xc0(%rsi)
	movzwl 0x18(%rbx),%edx
	out    %al,(%dx)
	incl   0xec(%rsi)
	mov    $0xf,%ebp
	cmpb   $0x1,0x229(%rsi)
	ja     .L2
	jmp    .L8
.L1:
	mov    $0x10,%ebp
	cmpb   $0x1,0x229(%rsi)
	jbe    .L8
.L2:
	cmpb   $0x0,0x11c(%rsi)
	jne    .L8
	mov    %rsi,%r14
	mov    0xd0(%rsi),%rdi
	call   tty_port_tty_get
	test   %rax,%rax
	je     .L3
	movzbl 0x1bc(%rax),%r15d
	mov    %rax,%rdi
	call   tty_kref_put
	test   %r15b,%r15b
	mov    %r14,%rdi
	jne    .L8
	jmp    .L4
.L3:
	xor    %edi,%edi
	call   tty_kref_put
	mov    %r14,%rdi
.L4:
	movzwl 0x18(%rbx),%edx
.L5:
	mov    0xd0(%rdi),%rax
	mov    0x158(%rax),%rsi
	test   %rsi,%rsi
	je     .L7
	mov    0x150(%rax),%ecx
	mov    0x148(%rax),%r9d
	mov    0x14c(%rax),%r8d
	sub    %r8d,%r9d
	and    %ecx,%r8d
	sub    %r8d,%ecx
	inc    %ecx
	cmp    %ecx,%r9d
	cmovb  %r9d,%ecx
	test   %ecx,%ecx
	je     .L7
	add    %r8,%rsi
	cmp    %ecx,%ebp
	cmovb  %ebp,%ecx
	xor    %r8d,%r8d
.L6:
	movzbl (%rsi,%r8,1),%eax
	out    %al,(%dx)
	inc    %r8
	cmp    %r8,%rcx
	jne    .L6
	mov    0xd0(%rdi),%rax
	mov    0x148(%rax),%esi
	mov    0x14c(%rax),%r8d
	sub    %r8d,%esi
	cmp    %ecx,%esi
	cmovae %ecx,%esi
	add    %esi,%r8d
	mov    %r8d,0x14c(%rax)
	add    %esi,0xec(%rdi)
	sub    %ecx,%ebp
	jne    .L5
	mov    0xd0(%rdi),%rax
.L7:
	mov    0x148(%rax),%ecx
	sub    0x14c(%rax),%ecx
	cmp    $0x100,%ecx
	jae    .L8
	pop    %rbx
	pop    %r14
	pop    %r15
	pop    %rbp
	jmp    uart_write_wakeup
.L8:
	pop    %rbx
	pop    %r14
	pop    %r15
	pop    %rbp
	jmp    __x86_return_thunk
