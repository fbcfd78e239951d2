// SPDX-License-Identifier: GPL-2.0-only

//! What a module's own functions may do to its parameters while these are read: nothing that harms.

use kernel::impl_has_hr_timer;
use kernel::module_param::Writer;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;
use kernel::sync::ArcBorrow;
use kernel::time::delay::udelay;
use kernel::time::hrtimer::HrTimer;
use kernel::time::hrtimer::HrTimerCallback;
use kernel::time::hrtimer::HrTimerCallbackContext;
use kernel::time::hrtimer::HrTimerPointer;
use kernel::time::hrtimer::HrTimerRestart;
use kernel::time::hrtimer::RelativePinnedMode;
use kernel::time::Delta;
use kernel::time::Monotonic;

module! {
    type: Reentry,
    name: "reentry",
    description: "Test: functions of parameters that use parameters",
    license: "GPL",
    params: {
        text: charp { default: "first", description: "", permissions: 0o444, },
        keep: bool {
            default: false,
            description: "Keeps a reference to `text`",
            permissions: 0o444,
            set: keep_text,
        },
        copy: bool { default: false, description: "Copies `size`", set: copy_size, },
        size: u32 { default: 1, description: "", permissions: 0o444, },
        interrupt: bool {
            default: false,
            description: "Copies `size` in an interrupt",
            set: copy_size_in_an_interrupt,
        },
        name: charp { default: "name", description: "", permissions: 0o644, },
        locks: bool {
            default: false,
            description: "Tries to lock `name`",
            permissions: 0o644,
            set: lock_name,
            get: show_lock,
        },
        once: [bool_enable_only; 2] { default: [], description: "", permissions: 0o444, },
        many: [u64; 400] { default: [], description: "Fills a page", permissions: 0o444, },
        owned: charp {
            default: "owned",
            description: "",
            permissions: 0o644,
            set: refuse_bad,
        },
        odd: u32 { default: 2, description: "Cannot be shown", permissions: 0o644, get: show_odd, },
        same: [u64; 8] {
            default: [],
            description: "Several times the same number",
            permissions: 0o644,
            set: all_same,
        },
    },
}

fn keep_text(_value: &bool) -> Result {
    // A reference for good: from here on `text` must not change.
    let text: &'static kernel::module_param::Charp = module_parameters::text.value_ref();
    pr_info!("kept {text}\n", text = text.as_c_str().unwrap_or_default());
    Ok(())
}

fn copy_size(_value: &bool) -> Result {
    pr_info!("copied {}\n", module_parameters::size.value());
    Ok(())
}

/// Copies `size` in an interrupt on top of the task that gives parameters their values.
#[pin_data]
struct Interrupt {
    seen: Atomic<u32>,
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Interrupt {
        mode: RelativePinnedMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Interrupt {
    type Pointer<'a> = Arc<Self>;

    fn run(this: ArcBorrow<'_, Self>, _ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        this.seen.store(module_parameters::size.value(), Relaxed);
        HrTimerRestart::NoRestart
    }
}

fn copy_size_in_an_interrupt(_value: &bool) -> Result {
    let interrupt = Arc::pin_init(
        pin_init!(Interrupt { seen: Atomic::new(0), timer <- HrTimer::new() }),
        GFP_KERNEL,
    )?;
    let handle = interrupt.clone().start(Delta::from_micros(50));
    // Without sleeping, so that it comes on top of this task.
    while interrupt.seen.load(Relaxed) == 0 {
        udelay(Delta::from_micros(20));
    }
    drop(handle);
    pr_info!(
        "copied {} in a task, {} in an interrupt\n",
        module_parameters::size.value(),
        interrupt.seen.load(Relaxed)
    );
    Ok(())
}

fn lock_name(_value: &bool) -> Result {
    match module_parameters::name.lock() {
        Ok(_) => pr_err!("locked twice\n"),
        Err(error) => pr_info!("not locked twice: {error:?}\n"),
    }
    Ok(())
}

fn show_lock(_value: &bool, out: &mut Writer<'_>) -> Result {
    use kernel::fmt::Write;

    let refused = module_parameters::name.lock().is_err();
    write!(out, "refused: {refused}").map_err(|_| EINVAL)
}

fn refuse_bad(value: &kernel::module_param::Charp) -> Result {
    match value.as_c_str() {
        Some(text) if text.to_bytes().starts_with(b"bad") => Err(EPERM),
        _ => Ok(()),
    }
}

fn show_odd(value: &u32, out: &mut Writer<'_>) -> Result {
    use kernel::fmt::Write;

    if value % 2 == 1 {
        return write!(out, "odd {value}").map_err(|_| EINVAL);
    }
    Err(EDOM)
}

fn all_same(value: &kernel::module_param::Array<u64, 8>) -> Result {
    match value.iter().all(|number| Some(number) == value.first()) {
        true => Ok(()),
        false => Err(EINVAL),
    }
}

struct Reentry {
    _text: Arc<u32>,
}

impl kernel::Module for Reentry {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let name = module_parameters::name.lock()?;
        pr_info!("second guard: {:?}\n", module_parameters::name.lock().err());
        drop(name);
        pr_info!("again: {}\n", module_parameters::name.lock().is_ok());
        pr_info!(
            "owned: {}\n",
            module_parameters::owned
                .lock()?
                .as_c_str()
                .unwrap_or_default()
        );
        Ok(Self {
            _text: Arc::new(module_parameters::size.value(), GFP_KERNEL)?,
        })
    }
}
