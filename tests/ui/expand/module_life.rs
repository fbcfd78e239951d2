// SPDX-License-Identifier: GPL-2.0-only

//! Loads and unloads a module as the kernel does, on the host.

use kernel::bindings;
use kernel::module_param::KernelParam;
use kernel::ThisModule;
use std::ffi::CStr;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

macro_rules! declare {
    ($type:ty, $default:expr) => {
        macros::module! {
            type: $type,
            name: "life",
            license: "GPL",
            params: {
                times: u8 { default: 3, description: "How often", },
                offset: i64 { default: $default, description: "Through macro_rules", },
                fail: bool { default: false, description: "Makes init fail", },
                level: i16 {
                    default: 3,
                    description: "What only some values are good for",
                    permissions: 0o640,
                    min: 1,
                    max: 9,
                    name: "log-level",
                    set: be_odd,
                    unsafe: true,
                    hardware: irq,
                    level: late,
                },
            },
        }
    };
}

fn be_odd(value: &i16) -> kernel::error::Result {
    if value & 1 == 0 {
        return Err(-33);
    }
    Ok(())
}

declare!(Generic<u32>, -9223372036854775808);

struct Generic<T>(T);

static DROPS: AtomicU32 = AtomicU32::new(0);

impl kernel::InPlaceModule for Generic<u32> {
    fn init(module: &'static ThisModule) -> Result<Self, i32> {
        assert_eq!(module.as_ptr(), bindings::__this_module.get());
        if module_parameters::fail.value() {
            return Err(-12);
        }
        Ok(Self(module_parameters::times.value().into()))
    }
}

impl<T> Drop for Generic<T> {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Relaxed);
    }
}

extern "C" {
    fn init_module() -> i32;
    fn cleanup_module();
    // Made by the linker for a section whose name is an identifier; only the addresses count.
    static __start___param: u8;
    static __stop___param: u8;
}

fn main() {
    let start = (&raw const __start___param).cast::<KernelParam>();
    let end = (&raw const __stop___param).cast::<KernelParam>();
    // SAFETY: The two symbols enclose the section, which holds nothing but the parameters.
    let params: &[KernelParam] =
        unsafe { std::slice::from_raw_parts(start, end.offset_from(start) as usize) };
    let param = |name: &str| {
        let is_it = |param: &&KernelParam| {
            // SAFETY: Every entry has a C string for its name.
            unsafe { CStr::from_ptr(param.0.name) }.to_str() == Ok(name)
        };
        &params.iter().find(is_it).expect(name).0
    };
    // SAFETY: `arg` belongs to these operations.
    let set = |name: &str, val: &str| unsafe { ((*param(name).ops).set)(val, param(name).arg) };

    assert_eq!(params.len(), 4);
    for param in params {
        assert_eq!(param.0.mod_, bindings::__this_module.get());
    }
    let attributes = |name: &str| (param(name).perm, param(name).level, param(name).flags);
    assert_eq!(attributes("times"), (0, -1, 0));
    assert_eq!(attributes("log-level"), (0o640, 7, 3));
    assert_eq!(module_parameters::level.value(), 3);
    assert_eq!(module_parameters::offset.value(), i64::MIN);
    assert_eq!(module_parameters::times.value(), 3);
    assert_eq!(set("times", "256"), -22);
    assert_eq!(set("times", "7"), 0);
    assert_eq!(module_parameters::times.value(), 7);

    // SAFETY: Once each and in this order, as the loader calls them.
    unsafe {
        assert_eq!(init_module(), 0);
        assert_eq!(DROPS.load(Relaxed), 0);
        cleanup_module();
    }
    assert_eq!(DROPS.load(Relaxed), 1);

    assert_eq!(set("fail", "true"), 0);
    // SAFETY: The slot is empty again, and after a failure the loader would not call the other.
    assert_eq!(unsafe { init_module() }, -12);
    assert_eq!(DROPS.load(Relaxed), 1);
    println!("life: done");
}
