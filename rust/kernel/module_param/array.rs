// SPDX-License-Identifier: GPL-2.0-only

//! Parameters that are lists of values.

use super::kind::arg;
use super::kind::InRange;
use super::kind::Kind;
use crate::bindings;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::ffi::c_uint;
use crate::ffi::c_void;
use crate::fmt;
use core::marker::PhantomData;
use core::mem::size_of;
use core::mem::ManuallyDrop;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::ops::DerefMut;
use core::ptr;

/// At most `N` values, as the user gave them with commas between: `[T; N]` in `module!`.
///
/// It dereferences to a slice of those that were given. C: `module_param_array()`.
///
/// # Invariants
///
/// `num` is at most `N`, and so many elements are valid. The others are valid or zero.
#[repr(C)]
pub struct Array<T, const N: usize> {
    num: c_uint,
    elements: [MaybeUninit<T>; N],
}

impl<T, const N: usize> Array<T, N> {
    /// Makes the default of a parameter.
    #[doc(hidden)]
    pub const fn new<const LEN: usize>(default: [T; LEN]) -> Self {
        const {
            assert!(N > 0, "an array of no elements takes no value");
            assert!(N <= c_uint::MAX as usize, "an array that is too long for C");
            assert!(LEN <= N, "more defaults than the array has elements");
        }
        let default = ManuallyDrop::new(default);
        let mut elements = [const { MaybeUninit::zeroed() }; N];
        // SAFETY: There are `LEN` values in `default`, which will not drop them, and as asserted
        // there is room for them.
        unsafe {
            ptr::copy_nonoverlapping(
                (&raw const default).cast::<T>(),
                (&raw mut elements).cast::<T>(),
                LEN,
            );
        };
        // INVARIANT: `LEN` elements were copied, the others are zero.
        Self {
            num: LEN as c_uint,
            elements,
        }
    }
}

impl<T: Copy, const N: usize> Clone for Array<T, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Copy, const N: usize> Copy for Array<T, N> {}

impl<T, const N: usize> Deref for Array<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: By the type invariant so many elements are there and valid.
        unsafe { core::slice::from_raw_parts(self.elements.as_ptr().cast(), self.num as usize) }
    }
}

impl<T, const N: usize> DerefMut for Array<T, N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: As for `deref`; `self` is borrowed mutably.
        unsafe {
            core::slice::from_raw_parts_mut(self.elements.as_mut_ptr().cast(), self.num as usize)
        }
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Array<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T, E: InRange<T>, const N: usize> InRange<T> for Array<E, N>
where
    T: Copy,
{
    fn in_range(&self, min: Option<T>, max: Option<T>) -> bool {
        self.iter().all(|element| element.in_range(min, max))
    }
}

/// The kind of an [`Array`].
#[doc(hidden)]
pub struct ArrayOf<K, const N: usize>(PhantomData<K>);

// SAFETY: The operations below are for an `Array`. C's `set` writes each element through the
// operations of `K` and keeps count, up to the maximum. A place of zero bytes is an empty array.
unsafe impl<K: Kind, const N: usize> Kind for ArrayOf<K, N> {
    type Value = Array<K::Value, N>;

    const OPS: *const bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: 0,
        set: Some(set::<K, N>),
        get: Some(get::<K, N>),
        free: if K::OWNS { Some(free::<K, N>) } else { None },
    };

    const OWNS: bool = K::OWNS;

    fn room(_value: &Self::Value) -> usize {
        bindings::PAGE_SIZE
    }
}

/// # Safety
///
/// `val` must be NUL-terminated and writable (C puts NUL bytes in place of the commas), `kp` a
/// parameter of kind `ArrayOf<K, N>` that nobody else reads or writes.
unsafe extern "C" fn set<K: Kind, const N: usize>(
    val: *const c_char,
    kp: *const bindings::kernel_param,
) -> c_int {
    // SAFETY: By the safety requirement.
    let array: *mut Array<K::Value, N> = unsafe { arg(kp) };
    let c_array = bindings::kparam_array {
        max: N as c_uint,
        elemsize: size_of::<K::Value>() as c_uint,
        // SAFETY: By the safety requirement the array is valid.
        num: unsafe { &raw mut (*array).num },
        ops: K::OPS,
        // SAFETY: As above.
        elem: unsafe { &raw mut (*array).elements }.cast::<c_void>(),
    };
    // SAFETY: By the safety requirement.
    let mut kp = unsafe { *kp };
    kp.__bindgen_anon_1 = bindings::kernel_param__bindgen_ty_1 { arr: &c_array };
    // SAFETY: It is a constant of the kernel.
    match unsafe { bindings::param_array_ops.set } {
        // SAFETY: `val` is a string by the safety requirement, and `kp` is an array's entry.
        Some(set) => unsafe { set(val, &kp) },
        None => crate::error::code::EOPNOTSUPP.to_errno(),
    }
}

/// Prints the elements with commas between.
///
/// C's own does not look where the page ends, and its elements can have more than that; here the
/// elements that do not fit are left out.
///
/// # Safety
///
/// `buffer` must have room for a page, `kp` must be a parameter of kind `ArrayOf<K, N>` that nobody
/// writes.
unsafe extern "C" fn get<K: Kind, const N: usize>(
    buffer: *mut c_char,
    kp: *const bindings::kernel_param,
) -> c_int {
    // SAFETY: By the safety requirement `arg` points to an array.
    let array = unsafe { &*arg::<Array<K::Value, N>>(kp) };
    let Some(get) = K::ops().get else {
        return crate::error::code::EOPNOTSUPP.to_errno();
    };
    let mut written = 0;
    for element in array.iter() {
        if written + K::room(element) > bindings::PAGE_SIZE {
            break;
        }
        if written > 0 {
            // SAFETY: So many bytes were written; the last of them is a newline.
            unsafe { buffer.add(written - 1).write(b',') };
        }
        // SAFETY: By the safety requirement.
        let mut kp = unsafe { *kp };
        kp.__bindgen_anon_1 = bindings::kernel_param__bindgen_ty_1 {
            arg: ptr::from_ref(element).cast_mut().cast(),
        };
        // SAFETY: There is room for what the element is printed with, as was checked.
        let more = unsafe { get(buffer.add(written), &kp) };
        match usize::try_from(more) {
            Ok(more) => written += more,
            Err(_) => return more,
        }
    }
    // SAFETY: Each element left room for its NUL byte; there is at least one byte if there is none.
    unsafe { buffer.add(written).write(0) };
    written as c_int
}

/// Frees what the elements own, those too that were given up when fewer were given later.
///
/// # Safety
///
/// `arg` must point to an `Array<K::Value, N>` that nobody uses any more.
unsafe extern "C" fn free<K: Kind, const N: usize>(arg: *mut c_void) {
    let Some(free) = K::ops().free else {
        return;
    };
    // SAFETY: By the safety requirement.
    let elements = unsafe { &raw mut (*arg.cast::<Array<K::Value, N>>()).elements };
    for at in 0..N {
        // SAFETY: It is one of the elements, valid or zero, which the kind's `free` takes.
        unsafe { free(elements.cast::<K::Value>().add(at).cast()) };
    }
}
