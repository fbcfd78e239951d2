// SPDX-License-Identifier: GPL-2.0-only

//! Tests [`Error`], and how it passes to and from C.

use kernel::bindings;
use kernel::error::from_err_ptr;
use kernel::error::from_result;
use kernel::error::to_result;
use kernel::prelude::*;
use kernel::str::CString;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_error",
    description: "Tests errors",
    cases: [
        numbers, out_of_range, names, debug, pointers_agree_with_c, results, conversions,
        question_mark,
    ],
}

fn numbers() -> Outcome {
    check_eq!(EPERM.to_errno(), -1);
    check_eq!(ENOMEM.to_errno(), -12);
    check_eq!(EHWPOISON.to_errno(), -133);
    check_eq!(EFTYPE.to_errno(), -134);
    check_eq!(ERESTARTSYS.to_errno(), -512);
    check_eq!(EPROBE_DEFER.to_errno(), -517);
    check_eq!(EWOULDBLOCK, EAGAIN);
    for errno in -(bindings::MAX_ERRNO as i32)..0 {
        check_eq!(Error::from_errno(errno).to_errno(), errno);
    }
    Ok(())
}

fn out_of_range() -> Outcome {
    for errno in [0, 1, 12, -4096, i32::MIN, i32::MAX] {
        check_eq!(Error::try_from_errno(errno), None);
    }
    check_eq!(Error::from_errno(3), EINVAL);
    Ok(())
}

fn names() -> Outcome {
    check_eq!(EPERM.name(), Some(c"EPERM"));
    check_eq!(E2BIG.name(), Some(c"E2BIG"));
    check_eq!(ENOTRECOVERABLE.name(), Some(c"ENOTRECOVERABLE"));
    check_eq!(EPROBE_DEFER.name(), Some(c"EPROBE_DEFER"));
    check_eq!(ERECALLCONFLICT.name(), Some(c"ERECALLCONFLICT"));
    check_eq!(Error::from_errno(-4000).name(), None);
    Ok(())
}

fn debug() -> Outcome {
    let text = CString::try_from_fmt(fmt!("{:?} {:?}", ENODEV, Error::from_errno(-4000)))?;
    check_eq!(&*text, c"ENODEV Error(-4000)");
    Ok(())
}

fn pointers_agree_with_c() -> Outcome {
    for errno in [-1, -12, -512, -4095] {
        let error = Error::from_errno(errno);
        // SAFETY: `ERR_PTR` only computes.
        let ptr = unsafe { bindings::ERR_PTR(errno as isize) };
        check_eq!(error.to_ptr(), ptr);
        check_eq!(from_err_ptr(ptr), Err(error));
    }
    let mut value = 1;
    let ptr: *mut i32 = &mut value;
    check_eq!(from_err_ptr(ptr), Ok(ptr));
    let null = core::ptr::null_mut::<u8>();
    check_eq!(from_err_ptr(null), Ok(null));
    let below = core::ptr::without_provenance_mut::<u8>(-4096isize as usize);
    check_eq!(from_err_ptr(below), Ok(below));
    let low = core::ptr::without_provenance_mut::<u8>(0xffff_fff4);
    check_eq!(from_err_ptr(low), Ok(low));
    Ok(())
}

fn results() -> Outcome {
    check_eq!(to_result(0), Ok(()));
    check_eq!(to_result(5), Ok(()));
    check_eq!(to_result(-16), Err(EBUSY));
    check_eq!(from_result(|| Ok::<i32, Error>(7)), 7);
    check_eq!(from_result(|| Err::<i32, Error>(ENODEV)), -19);
    check_eq!(from_result(|| Err::<i64, Error>(ENOGRACE)), -531);
    Ok(())
}

fn conversions() -> Outcome {
    check_eq!(u8::try_from(256).map_err(Error::from), Err(EINVAL));
    check_eq!(
        core::str::from_utf8(&[0xff; 1][..]).map_err(Error::from),
        Err(EINVAL)
    );
    check_eq!(Error::from(core::fmt::Error), EINVAL);
    check_eq!(Error::from(kernel::alloc::AllocError), ENOMEM);
    let layout = core::alloc::Layout::from_size_align(1, 3);
    check_eq!(layout.map_err(Error::from), Err(ENOMEM));
    Ok(())
}

fn question_mark() -> Outcome {
    fn narrow(value: u32) -> Result<u8> {
        Ok(u8::try_from(value)?)
    }

    check_eq!(narrow(255), Ok(255));
    check_eq!(narrow(256), Err(EINVAL));
    Ok(())
}
