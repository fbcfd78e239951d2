// SPDX-License-Identifier: GPL-2.0-only

//! Imports each kind of function, and fails to load if one does not do what it should.

use kernel::prelude::*;
use stack_lower_api::Failure;
use stack_lower_api::Large;

module! {
    type: Upper,
    name: "stack_upper",
    description: "Test: imports",
    license: "GPL",
    imports_ns: ["STACK_LOWER"],
}

struct Upper {
    /// Memory of the other module's making, freed here.
    _kept: KVec<u8>,
}

fn check(what: &str, holds: bool) -> Result {
    if !holds {
        pr_err!("wrong: {what}\n");
        return Err(EINVAL);
    }
    Ok(())
}

impl kernel::Module for Upper {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let text = stack_lower_api::text();
        let kept = text.upper("shout")?;
        check("upper", *kept == *b"SHOUT")?;
        let mut buffer = [0; 6];
        check("fill", text.fill(&mut buffer[..3]) == Ok(3))?;
        check("filled", buffer == *b"xxx\0\0\0")?;
        check("empty", text.fill(&mut []) == Err(Failure::Empty))?;
        check(
            "large",
            text.fill(&mut buffer) == Err(Failure::Large { by: 2 }),
        )?;
        check(
            "name",
            text.name("") == "worker" && text.name("a") == "other",
        )?;

        let even = stack_lower_api::boxed(KBox::new(4, GFP_KERNEL)?);
        check("even", even.is_some_and(|value| *value == 4))?;
        let odd = stack_lower_api::boxed(KBox::new(5, GFP_KERNEL)?);
        check("odd", odd.is_none())?;

        let mut calls = 0;
        let sum = stack_lower_api::stack_lower_mixed(-1, 500, true, &mut calls, 1000);
        check("mixed", sum == 1500 && calls == 1)?;
        let mut large = Large::default();
        large.nested_b.high = 7;
        check("last", stack_lower_api::stack_lower_last(&large) == 7)?;
        stack_lower_api::stack_lower_nothing();
        pr_info!("all is right\n");
        Ok(Self { _kept: kept })
    }
}
