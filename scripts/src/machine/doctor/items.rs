// SPDX-License-Identifier: GPL-2.0-only

//! The one table of what Ferrule uses: what for, and which packages bring it.

/// Who needs an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Without it no module is built.
    Build,
    /// Without it modules are built, but something is lost.
    Optional,
    /// `make demo` and `make test` use it.
    Test,
}

/// Each thing that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    Rustc,
    RustSrc,
    Cargo,
    Certificates,
    Libclang,
    Cc,
    Libc,
    Binutils,
    Make,
    Headers,
    Clang,
    Kmod,
    Compressors,
    Pahole,
    Libelf,
    Menuconfig,
    KernelTools,
    Qemu,
    Busybox,
    Apt,
    Iasl,
    Patchelf,
    Openssl,
    Dkms,
    Rustfmt,
    Clippy,
    Shellcheck,
    Reuse,
}

/// One thing that is looked for.
///
/// Package names may hold `{llvm}` (the major version of rustc's LLVM), `{gcc}` (that of the
/// kernel's compiler) and `{release}` (the running kernel's).
#[derive(Debug)]
pub struct Item {
    pub id: Id,
    pub name: &'static str,
    pub group: Group,
    /// Completes the sentence that says it is missing.
    pub purpose: &'static str,
    /// Debian's packages that bring it. Alternatives, best first: apt's lists decide which of them this release has.
    pub debian: &'static [&'static str],
}

/// Everything that is looked for, in the order in which it is shown.
pub const ITEMS: &[Item] = &[
    Item {
        id: Id::Rustc,
        name: "rustc",
        group: Group::Build,
        purpose: "compiles the modules",
        debian: &["rustc-web", "rustc", "rustc-1.85"],
    },
    Item {
        id: Id::RustSrc,
        name: "rust-src",
        group: Group::Build,
        purpose: "the kernel's `core` is built from it",
        // rustc too: the source must be of the rustc that is used, and that in use may be no package. And a cargo
        // beside it: another, of a user's own, is not there for root, who builds with DKMS.
        debian: &[
            "rustc-web rust-web-src cargo-web",
            "rustc rust-src cargo",
            "rustc-1.85 rust-1.85-src cargo-1.85",
        ],
    },
    Item {
        id: Id::Cargo,
        name: "cargo",
        group: Group::Build,
        purpose: "builds `core`, the macros and this tool",
        debian: &["cargo-web", "cargo", "cargo-1.85"],
    },
    Item {
        id: Id::Certificates,
        name: "ca-certificates",
        group: Group::Build,
        purpose: "cargo fetches crates over TLS",
        debian: &["ca-certificates"],
    },
    Item {
        id: Id::Libclang,
        name: "libclang",
        group: Group::Build,
        purpose: "bindgen reads the kernel's headers with it",
        // The -dev package would do too, with 300 MB of static libraries.
        debian: &["libclang1-{llvm} libclang-common-{llvm}-dev", "libclang1"],
    },
    Item {
        id: Id::Cc,
        name: "C compiler",
        group: Group::Build,
        purpose: "compiles the C part of a module and links the tools",
        debian: &["gcc-{gcc}", "gcc"],
    },
    Item {
        id: Id::Libc,
        name: "libc headers",
        group: Group::Build,
        purpose: "the tools are linked with them",
        debian: &["libc6-dev"],
    },
    Item {
        id: Id::Binutils,
        name: "binutils",
        group: Group::Build,
        purpose: "ld links a module, nm and objcopy finish it",
        debian: &["binutils"],
    },
    Item {
        id: Id::Make,
        name: "make",
        group: Group::Build,
        purpose: "runs Kbuild",
        debian: &["make"],
    },
    Item {
        id: Id::Headers,
        name: "kernel headers",
        group: Group::Optional,
        purpose: "modules for the running kernel are built with them; KDIR= names another kernel's",
        debian: &["linux-headers-{release}"],
    },
    Item {
        id: Id::Clang,
        name: "clang",
        group: Group::Optional,
        purpose: "of rustc's LLVM, it lets helpers be inlined; without it they are called",
        debian: &["clang-{llvm}"],
    },
    Item {
        id: Id::Kmod,
        name: "kmod",
        group: Group::Optional,
        purpose: "modinfo, insmod, and depmod for modules_install",
        debian: &["kmod"],
    },
    Item {
        id: Id::Compressors,
        name: "xz, zstd",
        group: Group::Optional,
        purpose: "modules_install compresses with them",
        debian: &["xz-utils zstd"],
    },
    Item {
        id: Id::Pahole,
        name: "pahole",
        group: Group::Optional,
        purpose: "writes a module's BTF where the kernel has vmlinux beside its headers",
        debian: &["pahole", "dwarves"],
    },
    Item {
        id: Id::Libelf,
        name: "libelf",
        group: Group::Optional,
        purpose: "objtool of some kernels' headers is linked with it",
        debian: &["libelf1", "libelf1t64"],
    },
    Item {
        id: Id::Menuconfig,
        name: "Kconfiglib",
        group: Group::Optional,
        purpose: "shows the menu of `make menuconfig`",
        debian: &["python3-kconfiglib"],
    },
    Item {
        id: Id::KernelTools,
        name: "flex, bison, bc, libelf's headers",
        group: Group::Test,
        purpose: "build the kernel that modules are built into",
        debian: &["flex bison bc libelf-dev xz-utils"],
    },
    Item {
        id: Id::Qemu,
        name: "QEMU",
        group: Group::Test,
        purpose: "boots the kernels that modules are tried on",
        debian: &["qemu-system-x86"],
    },
    Item {
        id: Id::Busybox,
        name: "static busybox",
        group: Group::Test,
        purpose: "is the userland of the virtual machine",
        debian: &["busybox-static"],
    },
    Item {
        id: Id::Apt,
        name: "apt-get, dpkg-deb",
        group: Group::Test,
        purpose: "fetch and unpack stock kernels",
        debian: &["apt dpkg"],
    },
    Item {
        id: Id::Iasl,
        name: "iasl",
        group: Group::Test,
        purpose: "compiles the description of the virtual machine's devices",
        debian: &["acpica-tools"],
    },
    Item {
        id: Id::Patchelf,
        name: "patchelf",
        group: Group::Test,
        purpose: "lets host tools of newer kernels run on an older glibc",
        debian: &["patchelf"],
    },
    Item {
        id: Id::Openssl,
        name: "openssl",
        group: Group::Test,
        purpose: "makes keys that modules are signed with",
        debian: &["openssl"],
    },
    Item {
        id: Id::Dkms,
        name: "dkms",
        group: Group::Test,
        purpose: "builds and installs the packages of `ferrule dkms`",
        debian: &["dkms"],
    },
    Item {
        id: Id::Rustfmt,
        name: "rustfmt",
        group: Group::Test,
        purpose: "checks the format",
        debian: &["rustfmt-web", "rustfmt", "rustfmt-1.85"],
    },
    Item {
        id: Id::Clippy,
        name: "clippy",
        group: Group::Test,
        purpose: "lints the Rust code",
        debian: &["rust-web-clippy", "rust-clippy", "rust-1.85-clippy"],
    },
    Item {
        id: Id::Shellcheck,
        name: "shellcheck",
        group: Group::Test,
        purpose: "checks the shell scripts",
        debian: &["shellcheck"],
    },
    Item {
        id: Id::Reuse,
        name: "reuse",
        group: Group::Test,
        purpose: "checks that every file names its licence",
        debian: &["reuse"],
    },
];

/// The item with this `id`.
pub fn item(id: Id) -> &'static Item {
    // The unit test below proves that every id is in the table.
    ITEMS
        .iter()
        .find(|item| item.id == id)
        .expect("the table has every id")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `make setup` installs before there is a tool is what the tool would choose.
    #[test]
    fn bootstrap_has_the_same_packages() {
        let script = include_str!("../../../bootstrap.sh");
        let lines = script
            .lines()
            .skip_while(|line| *line != "choose_rust() {")
            .take_while(|line| *line != "}");
        let sets = lines.filter_map(|line| line.trim().strip_prefix('"')?.split('"').next());
        assert!(sets.eq(item(Id::RustSrc).debian.iter().copied()));
    }

    #[test]
    fn every_id_has_its_row_in_order() {
        for (row, item) in ITEMS.iter().enumerate() {
            assert_eq!(item.id as usize, row, "{}", item.name);
            assert!(!item.debian.is_empty());
        }
        assert_eq!(ITEMS.len(), Id::Reuse as usize + 1);
    }
}
