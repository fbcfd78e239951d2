// SPDX-License-Identifier: GPL-2.0-only

//! Tests strings, formatting and parsing.

use core::fmt::Write;
use kernel::b_str;
use kernel::c_str;
use kernel::fmt;
use kernel::prelude::*;
use kernel::str::kstrtobool;
use kernel::str::kstrtobool_bytes;
use kernel::str::BStr;
use kernel::str::CString;
use kernel::str::Formatter;
use kernel::str::NullTerminatedFormatter;
use kernel::str::ParseInt;
use kernel::str::RawFormatter;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_str",
    description: "Tests strings",
    cases: [
        c_strings, display_escapes, byte_strings, formatters, null_terminated, c_string_from_fmt,
        c_string_case, integers, integers_out_of_range, no_integers, booleans, display_adapter,
        pointers_are_hashed,
    ],
}

fn c_strings() -> Outcome {
    const JOINED: &CStr = c_str!(concat!("a", 1, "b"));

    check_eq!(JOINED, c"a1b");
    check_eq!(&*JOINED.to_cstring()?, JOINED);
    check_eq!(&*c"".to_cstring()?, c"");
    // SAFETY: The literal is NUL-terminated and static.
    let again = unsafe { CStr::from_char_ptr(JOINED.as_char_ptr()) };
    check_eq!(again, JOINED);
    check_eq!(
        kernel::str::as_char_ptr_in_const_context(JOINED),
        JOINED.as_char_ptr()
    );
    Ok(())
}

fn display_escapes() -> Outcome {
    let text = CString::try_from_fmt(fmt!("{}|{}", c"a b\n\x7f", c"\xc3\xa9\\\""))?;
    check_eq!(&*text, c"a b\\x0a\\x7f|\\xc3\\xa9\\\"");
    Ok(())
}

fn byte_strings() -> Outcome {
    let name: &BStr = b_str!("name=value");
    check_eq!(name.len(), 10);
    check!(!name.is_empty());
    check_eq!(name.strip_prefix(b_str!("name=")), Some(b_str!("value")));
    check_eq!(name.strip_prefix(b_str!("value")), None);
    check!(*name == b"name=value"[..]);
    check_eq!(&name[5..], b_str!("value"));
    check_eq!(&name[..=4][1..2], b_str!("a"));
    check_eq!(name.strip_prefix(c"name="), Some(b_str!("value")));
    let odd = BStr::from_bytes(b"\t\n\r\"\\\x01\xffz");
    let text = CString::try_from_fmt(fmt!("{odd} {odd:?}"))?;
    check_eq!(
        &*text,
        c"\\t\\n\\r\"\\\\x01\\xffz \"\\t\\n\\r\\\"\\\\\\x01\\xffz\""
    );
    Ok(())
}

fn formatters() -> Outcome {
    let mut buffer = [b'-'; 8];
    let mut raw = RawFormatter::new(&mut buffer);
    check!(write!(raw, "{}", 123456).is_ok());
    check!(write!(raw, "{}", 7890).is_ok());
    check!(raw.write_str("more").is_ok());
    check_eq!(raw.bytes_written(), 14);
    check_eq!(&buffer, b"12345678");

    let mut buffer = [b'-'; 4];
    let mut f = Formatter::new(&mut buffer);
    check!(f.write_str("abc").is_ok());
    check_eq!(f.bytes_written(), 3);
    check!(f.write_str("d").is_ok());
    check!(f.write_str("e").is_err());
    check_eq!(f.bytes_written(), 4);
    check_eq!(&buffer, b"abcd");
    Ok(())
}

fn null_terminated() -> Outcome {
    check!(NullTerminatedFormatter::new(&mut []).is_none());
    let mut buffer = [b'-'; 4];
    let Some(mut f) = NullTerminatedFormatter::new(&mut buffer) else {
        return Err(EINVAL.into());
    };
    check!(f.write_str("ab").is_ok());
    check!(f.write_str("cd").is_err());
    check!(f.write_str("c").is_ok());
    check_eq!(&buffer, b"abc\0");
    Ok(())
}

fn c_string_from_fmt() -> Outcome {
    let text = CString::try_from_fmt(fmt!("{}{}{:#x}", "abc", 10, 20))?;
    check_eq!(text.to_bytes_with_nul(), b"abc100x14\0");
    check_eq!(&*CString::try_from_fmt(fmt!(""))?, c"");
    check_eq!(CString::try_from_fmt(fmt!("a\0b")).map(|_| ()), Err(EINVAL));

    /// Says something else each time it is asked.
    struct Fickle(core::cell::Cell<usize>);
    impl fmt::Display for Fickle {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            (0..self.0.get()).try_for_each(|_| f.write_str("x"))
        }
    }
    let fickle = Fickle(Default::default());
    check!(CString::try_from_fmt(fmt!("{fickle}")).is_err());

    let copy = CString::try_from(c"copied")?;
    check_eq!(&*copy, c"copied");
    Ok(())
}

fn c_string_case() -> Outcome {
    let mut text = CString::try_from(c"MiXed 1\xc3")?;
    text.make_ascii_lowercase();
    check_eq!(&*text, c"mixed 1\xc3");
    text.make_ascii_uppercase();
    check_eq!(&*text, c"MIXED 1\xc3");
    check_eq!(&*c"AbC".to_ascii_lowercase()?, c"abc");
    check_eq!(&*c"AbC".to_ascii_uppercase()?, c"ABC");
    Ok(())
}

fn integers() -> Outcome {
    check_eq!(u8::from_str(b_str!("0")), Ok(0));
    check_eq!(u8::from_str(b_str!("255")), Ok(255));
    check_eq!(u8::from_str(b_str!("0xfF")), Ok(255));
    check_eq!(u8::from_str(b_str!("0o17")), Ok(15));
    check_eq!(u8::from_str(b_str!("017")), Ok(15));
    check_eq!(u8::from_str(b_str!("0B101")), Ok(5));
    check_eq!(i8::from_str(b_str!("-128")), Ok(-128));
    check_eq!(i8::from_str(b_str!("-0x80")), Ok(-128));
    check_eq!(i8::from_str(b_str!("+127")), Ok(127));
    check_eq!(i64::from_str(b_str!("-9223372036854775808")), Ok(i64::MIN));
    check_eq!(u64::from_str(b_str!("18446744073709551615")), Ok(u64::MAX));
    check_eq!(
        usize::from_str(b_str!("0xffffffffffffffff")),
        Ok(usize::MAX)
    );
    Ok(())
}

fn integers_out_of_range() -> Outcome {
    check_eq!(u8::from_str(b_str!("256")), Err(EINVAL));
    check_eq!(i8::from_str(b_str!("128")), Err(EINVAL));
    check_eq!(i8::from_str(b_str!("-129")), Err(EINVAL));
    check_eq!(u32::from_str(b_str!("4294967296")), Err(EINVAL));
    check_eq!(i64::from_str(b_str!("9223372036854775808")), Err(EINVAL));
    check_eq!(u64::from_str(b_str!("18446744073709551616")), Err(EINVAL));
    check_eq!(
        u64::from_str(b_str!("99999999999999999999999999999")),
        Err(EINVAL)
    );
    Ok(())
}

fn no_integers() -> Outcome {
    for text in [
        "", "-", "+", "0x", "0b2", "08", "0o8", "1 ", " 1", "1_0", "--1", "+-1", "0x-1", "a",
    ] {
        let text = BStr::from_bytes(text.as_bytes());
        check_eq!(i32::from_str(text), Err(EINVAL));
        check_eq!(u32::from_str(text), Err(EINVAL));
    }
    check_eq!(u32::from_str(b_str!("-0")), Err(EINVAL));
    check_eq!(u32::from_str(b_str!("1\0")), Err(EINVAL));
    Ok(())
}

fn booleans() -> Outcome {
    for text in [c"1", c"y", c"Y", c"yes", c"on", c"ON"] {
        check_eq!(kstrtobool(text), Ok(true));
        check_eq!(kstrtobool_bytes(text.to_bytes()), Ok(true));
    }
    for text in [c"0", c"n", c"No", c"off", c"OF"] {
        check_eq!(kstrtobool(text), Ok(false));
        check_eq!(kstrtobool_bytes(text.to_bytes()), Ok(false));
    }
    for text in [c"", c"o", c"2", c"maybe"] {
        check_eq!(kstrtobool(text), Err(EINVAL));
        check_eq!(kstrtobool_bytes(text.to_bytes()), Err(EINVAL));
    }
    Ok(())
}

fn display_adapter() -> Outcome {
    struct Shy;
    impl fmt::Display for Shy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.pad("shy")
        }
    }

    let shy = Shy;
    let mut number = 5;
    let dynamic: &dyn fmt::Display = &shy;
    let text = CString::try_from_fmt(fmt!(
        "{shy:>5} {} {dynamic:-<4} {} {:?} {:#06b}",
        &&shy,
        &mut number,
        c"c",
        5,
    ))?;
    check_eq!(&*text, c"  shy shy shy- 5 \"c\" 0b0101");
    Ok(())
}

fn pointers_are_hashed() -> Outcome {
    let value = 5_u32;
    let reference = &value;
    let address = CString::try_from_fmt(fmt!("0x{:016x}", core::ptr::from_ref(reference).addr()))?;
    let hashed = CString::try_from_fmt(fmt!("{reference:p}"))?;

    check!(hashed.to_bytes().starts_with(b"0x00000000"));
    check_eq!(hashed.count_bytes(), address.count_bytes());
    check!(*hashed != *address);

    // The same for all kinds of pointers, every time.
    let raw: *const u32 = reference;
    let same = fmt!(
        "{:p} {:p} {:p}",
        raw,
        raw.cast_mut(),
        core::ptr::NonNull::from(reference)
    );
    let thrice = CString::try_from_fmt(fmt!("{hashed} {hashed} {hashed}"))?;
    check_eq!(&*CString::try_from_fmt(same)?, &*thrice);

    let padded = CString::try_from_fmt(fmt!("{raw:>20p}|{raw:020p}|{raw:0100p}"))?;
    let (right, zeroes) = padded.to_bytes().split_at(21);
    check!(right.starts_with(b"  0x00000000"));
    check!(zeroes.starts_with(b"0x0000000000"));
    check_eq!(padded.count_bytes(), 20 + 1 + 20 + 1 + 31);
    Ok(())
}
