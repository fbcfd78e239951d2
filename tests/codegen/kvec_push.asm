# 100 instructions

kvec_push:
	endbr64
	push   %rbp
	push   %r15
	push   %r14
	push   %r13
	push   %r12
	push   %rbx
	push   %rax
	mov    0x8(%rdi),%rbp
	mov    0x10(%rdi),%r15
	cmp    %r15,%rbp
	jb     .L13
	jne    .L2
	cmp    $0xffffffffffffffff,%rbp
	je     .L1
	test   %rbp,%rbp
	js     .L15
	lea    0x0(,%rbp,2),%rax
	test   %rbp,%rbp
	mov    $0x1,%r12d
	cmovne %rax,%r12
	mov    %r12,%rax
	shr    $0x3c,%rax
	je     .L3
.L1:
	xor    %eax,%eax
	jmp    .L11
.L2:
	mov    (%rdi),%rax
	jmp    .L10
.L3:
	mov    %rsi,%r13
	lea    0x0(,%r12,8),%rbx
	test   %rbp,%rbp
	je     .L4
	mov    (%rdi),%r14
	test   %r12,%r12
	je     .L7
	test   $0x7,%r14b
	je     .L12
	shl    $0x3,%rbp
	jmp    .L5
.L4:
	xor    %r14d,%r14d
	mov    $0x0,%ebp
	test   %r12,%r12
	je     .L8
.L5:
	mov    %rdi,(%rsp)
	mov    %rbx,%rdi
	xor    %esi,%esi
	mov    $0xcc0,%edx
	mov    $0xffffffff,%ecx
	call   __kmalloc_node_noprof
	test   %rax,%rax
	je     .L1
	test   %r14,%r14
	je     .L6
	cmp    %rbx,%rbp
	cmovb  %rbp,%rbx
	mov    %rax,%rdi
	mov    %r14,%rsi
	mov    %rbx,%rdx
	mov    %rax,%rbx
	call   memcpy
	mov    %r14,%rdi
	call   kfree
	mov    %rbx,%rax
.L6:
	mov    (%rsp),%rdi
	jmp    .L9
.L7:
	mov    %rdi,%rbx
	mov    %r14,%rdi
	call   kfree
	mov    %rbx,%rdi
.L8:
	mov    $0x8,%eax
.L9:
	mov    %rax,(%rdi)
	mov    %r12,0x8(%rdi)
	mov    %r13,%rsi
.L10:
	mov    %rsi,(%rax,%r15,8)
	cmp    $0xffffffffffffffff,%r15
	je     .L14
	inc    %r15
	mov    %r15,0x10(%rdi)
	mov    $0x1,%al
.L11:
	add    $0x8,%rsp
	pop    %rbx
	pop    %r12
	pop    %r13
	pop    %r14
	pop    %r15
	pop    %rbp
	jmp    __x86_return_thunk
.L12:
	mov    %rdi,%rbp
	mov    %r14,%rdi
	mov    %rbx,%rsi
	mov    $0xcc0,%edx
	call   krealloc_noprof
	mov    %rbp,%rdi
	test   %rax,%rax
	jne    .L9
	jmp    .L1
.L13:
	call   core::panicking::panic_const::panic_const_sub_overflow
.L14:
	mov    $.rodata,%rdi
	call   core::panicking::panic_const::panic_const_add_overflow
.L15:
	call   core::panicking::panic_const::panic_const_mul_overflow
