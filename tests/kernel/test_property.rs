// SPDX-License-Identifier: GPL-2.0-only

//! Tests what firmware says of devices: a table of ACPI that the guest is given, `devices.asl` of `scripts/src/vm`.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};
use kernel::device::property::{FwNode, Property as _};
use kernel::device::{Core, Device};
use kernel::error::from_err_ptr;
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::aref::ARef;
use kernel::{acpi, bindings, driver, faux, platform};

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_property",
    description: "Tests properties that firmware describes",
    cases: [
        numbers, strings, absent, wrong, children, nodes_are_counted, no_firmware, software_node,
        a_node_outlives_who_made_it,
    ],
}

struct Board;

kernel::acpi_device_table!(BOARD, (), [(acpi::DeviceId::new(c"LNUXBEEF"), ())]);

/// What the case in question does with the device.
static CASE: AtomicU32 = AtomicU32::new(0);
static PROBES: AtomicU32 = AtomicU32::new(0);

const CASES: [fn(&Device, &FwNode) -> Outcome; 6] = [
    |_, fwnode| numbers_of(fwnode),
    |_, fwnode| strings_of(fwnode),
    |_, fwnode| absent_of(fwnode),
    wrong_of,
    |_, fwnode| children_of(fwnode),
    |_, fwnode| counted(fwnode),
];

impl platform::Driver for Board {
    type IdInfo = ();
    type Data<'bound> = ();
    const ACPI_ID_TABLE: Option<acpi::IdTable<()>> = Some(&BOARD);

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        let dev: &Device = pdev.as_ref();
        let fwnode = dev.fwnode().ok_or(ENOENT)?;
        let case = CASES[CASE.load(Ordering::Relaxed) as usize];
        match case(dev, &fwnode) {
            Ok(()) => PROBES.store(1, Ordering::Relaxed),
            Err(failure) => dev_err!(pdev, "# {}\n", format_args!("{failure}")),
        }
        Ok(())
    }
}

/// Has the driver take the device on for a case.
fn ask(case: u32) -> Outcome {
    CASE.store(case, Ordering::Relaxed);
    PROBES.store(0, Ordering::Relaxed);
    let driver =
        driver::Registration::<platform::Adapter<Board>>::new(c"test_property", &THIS_MODULE);
    let driver = KBox::pin_init(driver, GFP_KERNEL)?;
    check_eq!(PROBES.load(Ordering::Relaxed), 1);
    drop(driver);
    Ok(())
}

fn numbers() -> Outcome {
    ask(0)
}

fn strings() -> Outcome {
    ask(1)
}

fn absent() -> Outcome {
    ask(2)
}

fn wrong() -> Outcome {
    ask(3)
}

fn children() -> Outcome {
    ask(4)
}

fn nodes_are_counted() -> Outcome {
    ask(5)
}

fn numbers_of(fwnode: &FwNode) -> Outcome {
    check_eq!(
        fwnode.property_read::<u32>(c"test,u32").optional(),
        Some(0xdead_beef)
    );
    check_eq!(
        fwnode.property_read::<u64>(c"test,u32").optional(),
        Some(0xdead_beef)
    );
    check_eq!(
        fwnode.property_read::<i16>(c"test,i16").optional(),
        Some(-10)
    );
    check_eq!(
        fwnode.property_read::<[u8; 4]>(c"test,array").optional(),
        Some([1, 2, 3, 4])
    );
    // The first of them.
    check_eq!(
        fwnode.property_read::<u8>(c"test,array").optional(),
        Some(1)
    );
    check_eq!(
        fwnode.property_read::<[u16; 0]>(c"test,array").optional(),
        Some([])
    );
    check_eq!(fwnode.property_count_elem::<u32>(c"test,array"), Ok(4));
    let some = fwnode
        .property_read_array_vec::<u64>(c"test,array", 3)?
        .optional();
    check!(some.is_some_and(|some| some[..] == [1, 2, 3]));
    let none = fwnode
        .property_read_array_vec::<u64>(c"test,array", 0)?
        .optional();
    check!(none.is_some_and(|none| none.is_empty()));
    check!(fwnode.property_read_bool(c"test,bool"));
    check!(!fwnode.is_of_node());
    Ok(())
}

fn strings_of(fwnode: &FwNode) -> Outcome {
    let hello: Option<CString> = fwnode.property_read(c"test,string").optional();
    check!(hello.is_some_and(|hello| &*hello == c"hello"));
    check_eq!(fwnode.property_match_string(c"test,strings", c"two"), Ok(1));
    check_eq!(
        fwnode.property_match_string(c"test,strings", c"three"),
        Err(ENODATA)
    );
    Ok(())
}

fn absent_of(fwnode: &FwNode) -> Outcome {
    check!(!fwnode.property_present(c"test,nothing"));
    check!(!fwnode.property_read_bool(c"test,nothing"));
    check_eq!(
        fwnode.property_read::<u32>(c"test,nothing").optional(),
        None
    );
    check_eq!(
        fwnode.property_read::<[u32; 0]>(c"test,nothing").optional(),
        None
    );
    check_eq!(fwnode.property_read::<u32>(c"test,nothing").or(7), 7);
    check_eq!(fwnode.property_read::<u32>(c"test,nothing").or_default(), 0);
    check!(fwnode
        .property_read_array_vec::<u8>(c"test,nothing", 0)?
        .optional()
        .is_none());
    check_eq!(
        fwnode.property_match_string(c"test,nothing", c"one"),
        Err(EINVAL)
    );
    Ok(())
}

fn wrong_of(dev: &Device, fwnode: &FwNode) -> Outcome {
    let nothing = fwnode
        .property_read::<u32>(c"test,nothing")
        .required_by(dev);
    check_eq!(nothing, Err(EINVAL));
    // Not a number, too big, too few.
    check!(fwnode
        .property_read::<u32>(c"test,string")
        .required_by(dev)
        .is_err());
    check_eq!(
        fwnode.property_read::<u8>(c"test,u32").required_by(dev),
        Err(EOVERFLOW)
    );
    check_eq!(
        fwnode
            .property_read::<[u8; 5]>(c"test,array")
            .required_by(dev),
        Err(EOVERFLOW)
    );
    let many = fwnode
        .property_read_array_vec::<u32>(c"test,array", 5)?
        .required_by(dev);
    check!(many.is_err_and(|error| error == EOVERFLOW));
    Ok(())
}

fn children_of(fwnode: &FwNode) -> Outcome {
    let number = |child: &FwNode| child.property_read::<u32>(c"test,number").or_default();
    check_eq!(
        fwnode.children().map(|child| number(&child)).sum::<u32>(),
        21
    );
    check_eq!(fwnode.children().count(), 2);
    let second = fwnode.get_child_by_name(c"second").ok_or(ENOENT)?;
    check_eq!(number(&second), 11);
    check_eq!(second.children().count(), 0);
    check!(fwnode.get_child_by_name(c"third").is_none());
    Ok(())
}

fn counted(fwnode: &FwNode) -> Outcome {
    let mut all: [Option<ARef<FwNode>>; 2] = [None, None];
    for _ in 0..1000 {
        for (child, slot) in fwnode.children().zip(&mut all) {
            *slot = Some(child);
        }
    }
    let kept: ARef<FwNode> = fwnode.into();
    check_eq!(kept.children().count(), 2);
    check!(all
        .iter()
        .flatten()
        .all(|child| child.property_present(c"test,number")));
    Ok(())
}

fn no_firmware() -> Outcome {
    let faux = faux::Registration::new(c"faux_property", None)?;
    let dev: &Device = faux.as_ref().as_ref();
    check!(dev.fwnode().is_none());
    Ok(())
}

/// Makes a node of software, with a number, a string, and a string that is null.
fn make_node() -> Result<ARef<FwNode>> {
    const WORD: usize = core::mem::size_of::<usize>();
    let entry = |name: &'static CStr, kind, value: *const u8| {
        // SAFETY: Zero is valid in each field.
        let mut entry: bindings::property_entry = unsafe { core::mem::zeroed() };
        entry.name = name.as_char_ptr();
        entry.length = WORD;
        entry.is_inline = true;
        entry.type_ = kind;
        // The value itself lies where the pointer would.
        entry.__bindgen_anon_1.pointer = value.cast();
        entry
    };
    let number = core::ptr::without_provenance(7);
    let entries = [
        entry(c"number", bindings::DEV_PROP_U64, number),
        entry(
            c"string",
            bindings::DEV_PROP_STRING,
            c"text".as_ptr().cast(),
        ),
        entry(c"null", bindings::DEV_PROP_STRING, core::ptr::null()),
        // SAFETY: Zero is the end.
        unsafe { core::mem::zeroed() },
    ];
    // SAFETY: C copies the properties.
    let node = from_err_ptr(unsafe {
        bindings::fwnode_create_software_node(entries.as_ptr(), core::ptr::null())
    })?;
    // SAFETY: `FwNode` is `struct fwnode_handle` to the compiler, and C returns a reference.
    Ok(unsafe { ARef::from_raw(NonNull::new_unchecked(node.cast())) })
}

fn software_node() -> Outcome {
    let node = make_node()?;
    check_eq!(node.property_read::<u64>(c"number").optional(), Some(7));
    let text: Option<CString> = node.property_read(c"string").optional();
    check!(text.is_some_and(|text| &*text == c"text"));
    check_eq!(node.property_match_string(c"string", c"text"), Ok(0));
    // C would follow both.
    check!(CString::read_from_fwnode_property(&node, c"number").is_err_and(|error| error == EPROTO));
    check_eq!(node.property_match_string(c"number", c"text"), Err(EPROTO));
    check!(CString::read_from_fwnode_property(&node, c"null").is_err());
    check!(
        CString::read_from_fwnode_property(&node, c"nothing").is_err_and(|error| error == EINVAL)
    );
    let mut children = node.children();
    check!(children.next().is_none() && children.next().is_none());
    Ok(())
}

fn a_node_outlives_who_made_it() -> Outcome {
    let node = make_node()?;
    let kept = node.clone();
    drop(node);
    check_eq!(kept.property_read::<u64>(c"number").optional(), Some(7));
    Ok(())
}
