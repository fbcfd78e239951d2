// SPDX-License-Identifier: GPL-2.0-only

//! Small macros that belong to the crate's root, as upstream has them.

/// Gets from a pointer to a field to a pointer to the structure that holds it.
///
/// The pointer's mutability and what it may access carry over. C: `container_of()`.
///
/// # Safety
///
/// `field` must point into an allocation that holds a whole `$Container` around the field.
///
/// # Examples
///
/// ```
/// use kernel::container_of;
///
/// struct Outer {
///     a: u64,
///     b: u32,
/// }
///
/// let outer = Outer { a: 10, b: 20 };
/// let b: *const u32 = &raw const outer.b;
/// // SAFETY: `b` points to the field `b` of an `Outer`.
/// let found: *const Outer = unsafe { container_of!(b, Outer, b) };
/// assert!(core::ptr::eq(found, &outer));
/// # let _ = outer.a;
/// ```
#[macro_export]
macro_rules! container_of {
    ($field:expr, $Container:ty, $($path:tt)+) => {{
        let field = $field;
        let container = field
            .byte_sub(::core::mem::offset_of!($Container, $($path)+))
            .cast::<$Container>();
        // Only compared as types: it is a bug if the field is of another type than the pointer's.
        $crate::__same_type(field, &raw const (*container).$($path)+);
        container
    }};
}

/// Compiles if both pointers are of one type.
#[doc(hidden)]
pub const fn __same_type<T>(_: *const T, _: *const T) {}

/// Refuses what is more than generic parameters, by parsing them where an enum has its own.
///
/// For macros that put their user's parameters into an `unsafe impl`: tokens that close the brackets and begin an
/// implementation would make that one unsafe. No tokens are right behind both `impl<` and `enum Name<` but parameters: on
/// the bracket that closes them a trait follows in the one case, in the other a brace or `where`.
#[doc(hidden)]
#[macro_export]
macro_rules! only_generics {
    () => {};
    ({$($generics:tt)*}) => {
        // What is configured away is parsed, and costs nothing else.
        #[cfg(any())]
        enum Parameters<$($generics)*> {}
    };
}

/// Passes several literals on to a macro that takes one, as `core::concat!` would join them.
#[doc(hidden)]
#[macro_export]
macro_rules! concat_literals {
    ($( $asm:literal )* ) => {
        ::core::concat!($($asm),*)
    };
}

/// `core::arch::asm!` in the syntax of the kernel's own assembly: AT&T on x86.
///
/// The template's strings come first and end with a semicolon.
#[macro_export]
macro_rules! asm {
    ($($asm:expr),* ; $($rest:tt)*) => {
        ::core::arch::asm!($($asm)*, options(att_syntax), $($rest)*)
    };
}
