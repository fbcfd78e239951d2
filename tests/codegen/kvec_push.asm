# 116 instructions

kvec_push:
	endbr64
	push   %rbp
	push   %r15
	push   %r14
	push   %r13
	push   %r12
	push   %rbx
	push   %rax
	mov    0x8(%rdi),%rbx
	mov    0x10(%rdi),%r13
	cmp    %r13,%rbx
	jb     .L14
	jne    .L2
	cmp    $0xffffffffffffffff,%rbx
	je     .L1
	test   %rbx,%rbx
	js     .L16
	lea    (%rbx,%rbx,1),%rax
	test   %rbx,%rbx
	mov    $0x1,%ebp
	cmovne %rax,%rbp
	mov    %rbp,%rax
	shr    $0x3c,%rax
	je     .L3
.L1:
	xor    %eax,%eax
	jmp    .L13
.L2:
	mov    (%rdi),%r15
	jmp    .L12
.L3:
	lea    0x0(,%rbp,8),%rax
	test   %rbx,%rbx
	je     .L4
	mov    (%rdi),%r14
	test   $0x7,%r14b
	je     .L8
	shl    $0x3,%rbx
	jmp    .L5
.L4:
	xor    %r14d,%r14d
	mov    $0x0,%ebx
	test   %rbp,%rbp
	je     .L10
.L5:
	mov    %rsi,(%rsp)
	mov    %rdi,%r12
	mov    %rax,%rdi
	xor    %esi,%esi
	mov    $0xcc0,%edx
	mov    $0xffffffff,%ecx
	call   __kmalloc_node_noprof
	test   %rax,%rax
	je     .L1
	mov    %rax,%r15
	test   %r14,%r14
	mov    (%rsp),%rsi
	je     .L9
	lea    0x0(,%rbp,8),%rcx
	cmp    %rcx,%rbx
	cmovae %rcx,%rbx
	mov    $0x1,%al
	test   %al,%al
	jne    .L6
	movb   $0x1,.data..once(%rip)
.L6:
	test   %al,%al
	jne    .L7
	xor    %eax,%eax
	test   %al,%al
	jne    .L7
	mov    $.rodata.str1.1,%rdi
	mov    %rbx,%rsi
	mov    $.rodata.str1.1,%rdx
	xor    %eax,%eax
	call   __warn_printk
	ud2
.L7:
	mov    %r15,%rdi
	mov    %r14,%rsi
	mov    %rbx,%rdx
	call   memcpy
	mov    %r14,%rdi
	call   kfree
	mov    %r12,%rdi
	mov    (%rsp),%rsi
	jmp    .L11
.L8:
	mov    %rdi,%rbx
	mov    %r14,%rdi
	mov    %rsi,%r14
	mov    %rax,%rsi
	mov    $0xcc0,%edx
	call   krealloc_noprof
	mov    %r14,%rsi
	mov    %rbx,%rdi
	mov    %rax,%r15
	test   %rax,%rax
	jne    .L11
	jmp    .L1
.L9:
	mov    %r12,%rdi
	jmp    .L11
.L10:
	mov    $0x8,%r15d
.L11:
	mov    %r15,(%rdi)
	mov    %rbp,0x8(%rdi)
.L12:
	mov    %rsi,(%r15,%r13,8)
	cmp    $0xffffffffffffffff,%r13
	je     .L15
	inc    %r13
	mov    %r13,0x10(%rdi)
	mov    $0x1,%al
.L13:
	add    $0x8,%rsp
	pop    %rbx
	pop    %r12
	pop    %r13
	pop    %r14
	pop    %r15
	pop    %rbp
	jmp    __x86_return_thunk
.L14:
	mov    $.rodata,%rdi
	call   core::panicking::panic_const::panic_const_sub_overflow
.L15:
	mov    $.rodata,%rdi
	call   core::panicking::panic_const::panic_const_add_overflow
.L16:
	call   core::panicking::panic_const::panic_const_mul_overflow
