// SPDX-License-Identifier: GPL-2.0-only

//! Parameters: the stand-in has integers and `bool` with what goes with them, and `set` parses with
//! `str::parse`.

use crate::bindings;
use crate::str::CStr;
use crate::ThisModule;
use core::cell::Cell;
use core::ffi::c_int;
use core::ffi::c_void;

pub trait Kind: Copy + 'static {
    type Value: Copy + 'static;
    const OPS: &'static bindings::kernel_param_ops;
}

pub trait Mode: 'static {}
pub struct LoadTime;
pub struct Guarded<T>(core::marker::PhantomData<T>);
pub struct RunTime;
pub struct Locked;
impl Mode for LoadTime {}
impl<T: 'static> Mode for Guarded<T> {}
impl Mode for RunTime {}
impl Mode for Locked {}

impl<T: Copy> Guarded<T> {
    pub const fn new(_default: T, _lock: &'static ParamLock) -> Self {
        Self(core::marker::PhantomData)
    }
}

impl Locked {
    pub const fn new(_lock: &'static ParamLock) -> Self {
        Self
    }
}

pub struct ParamLock;

impl ParamLock {
    pub const fn new(_module: &'static ThisModule, _name: &'static CStr) -> Self {
        Self
    }

    pub fn close(&self) {}

    /// # Safety
    ///
    /// None here.
    pub unsafe fn set_ready(&self) {}
}

// C: the value first.
#[repr(C)]
pub struct ModuleParamAccess<T, M: Mode = LoadTime> {
    value: Cell<T>,
    _mode: M,
}

// SAFETY: The tests have one thread.
unsafe impl<T, M: Mode> Sync for ModuleParamAccess<T, M> {}

impl<T: Copy, M: Mode> ModuleParamAccess<T, M> {
    /// # Safety
    ///
    /// None here.
    pub const unsafe fn new(default: T, mode: M) -> Self {
        Self {
            value: Cell::new(default),
            _mode: mode,
        }
    }

    pub fn value(&self) -> T {
        self.value.get()
    }
}

pub struct Writer<'a>(&'a mut String);

impl Writer<'_> {
    pub fn put(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

pub struct Staging<T>(core::marker::PhantomData<T>);

// SAFETY: It is empty.
unsafe impl<T> Sync for Staging<T> {}

impl<T> Staging<T> {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(core::marker::PhantomData)
    }
}

pub trait InRange<T> {
    fn in_range(&self, min: Option<T>, max: Option<T>) -> bool;
}

/// # Safety
///
/// None here.
pub unsafe trait Spec: 'static {
    type Kind: Kind;
    type Mode: Mode;
    const HAS_CODE: bool;
    const HAS_GET: bool = false;
    fn access() -> &'static ModuleParamAccess<Value<Self>, Self::Mode>;
    fn staging() -> &'static Staging<Value<Self>>;
    fn lock() -> &'static ParamLock;
    fn check(_value: &Value<Self>) -> crate::error::Result {
        Ok(())
    }
    fn get(_value: &Value<Self>, _out: &mut Writer<'_>) -> crate::error::Result {
        Ok(())
    }
}

type Value<S> = <<S as Spec>::Kind as Kind>::Value;

#[repr(C)]
pub struct EarlyParam {
    name: *const core::ffi::c_char,
    setup: unsafe extern "C" fn(*mut crate::ffi::c_char) -> c_int,
    early: c_int,
}

// SAFETY: The tests only read it.
unsafe impl Sync for EarlyParam {}

impl EarlyParam {
    pub const fn new(
        name: &'static CStr,
        setup: unsafe extern "C" fn(*mut crate::ffi::c_char) -> c_int,
    ) -> Self {
        Self {
            name: name.as_ptr(),
            setup,
            early: 1,
        }
    }

    /// # Safety
    ///
    /// None here.
    pub unsafe fn set(_param: &'static KernelParam, _val: *mut crate::ffi::c_char) -> c_int {
        0
    }
}

pub struct Attributes {
    pub perm: u16,
    pub level: i8,
    pub flags: u8,
}

#[repr(transparent)]
pub struct KernelParam(pub bindings::kernel_param);

// SAFETY: The tests only read it.
unsafe impl Sync for KernelParam {}

impl KernelParam {
    /// # Safety
    ///
    /// None here.
    pub const unsafe fn plain<K: Kind, M: Mode>(
        name: &'static CStr,
        module: &'static ThisModule,
        access: &'static ModuleParamAccess<K::Value, M>,
        attributes: Attributes,
    ) -> Self {
        Self(bindings::kernel_param {
            name: name.as_ptr(),
            mod_: module.as_ptr(),
            ops: K::OPS,
            perm: attributes.perm,
            level: attributes.level,
            flags: attributes.flags,
            arg: core::ptr::from_ref(access).cast_mut().cast(),
        })
    }

    /// # Safety
    ///
    /// None here.
    pub const unsafe fn adapted<S: Spec>(
        name: &'static CStr,
        module: &'static ThisModule,
        access: &'static ModuleParamAccess<Value<S>, S::Mode>,
        attributes: Attributes,
    ) -> Self {
        // SAFETY: None is required.
        unsafe { Self::plain::<S::Kind, S::Mode>(name, module, access, attributes) }
    }
}

macro_rules! module_param {
    ($($type:ty)*) => {$(
        impl Kind for $type {
            type Value = $type;
            const OPS: &'static bindings::kernel_param_ops = {
                unsafe fn set(val: &str, arg: *mut c_void) -> c_int {
                    // SAFETY: `arg` is what `KernelParam::plain` took for the same type; the mode
                    // does not change the place of the value.
                    let access = unsafe { &*arg.cast::<ModuleParamAccess<$type>>() };
                    match val.parse() {
                        Ok(value) => {
                            access.value.set(value);
                            0
                        }
                        Err(_) => -22,
                    }
                }
                &bindings::kernel_param_ops { set }
            };
        }

        impl InRange<$type> for $type {
            fn in_range(&self, min: Option<$type>, max: Option<$type>) -> bool {
                min.is_none_or(|min| *self >= min) && max.is_none_or(|max| *self <= max)
            }
        }
    )*};
}

module_param!(i8 i16 i32 i64 u8 u16 u32 u64 isize usize bool);
