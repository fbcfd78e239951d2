// SPDX-License-Identifier: GPL-2.0-only

//! Memory allocation: the allocators, and the containers that own what they return.
//!
//! Nothing here aborts when memory runs out: whatever may allocate takes [`Flags`] and returns
//! [`AllocError`], which becomes [`ENOMEM`] under `?`.
//!
//! | allocator | box | vector | memory |
//! |---|---|---|---|
//! | [`Kmalloc`](allocator::Kmalloc) | [`KBox`] | [`KVec`] | physically contiguous, any context |
//! | [`Vmalloc`](allocator::Vmalloc) | [`VBox`] | [`VVec`] | whole pages, contiguous only virtually |
//! | [`KVmalloc`](allocator::KVmalloc) | [`KVBox`] | [`KVVec`] | the first if it can be had, else the second |
//!
//! C headers: `include/linux/slab.h`, `include/linux/vmalloc.h`, `include/linux/gfp.h`.

use crate::error::code::EINVAL;
use crate::error::code::ENOMEM;
use crate::error::Error;
use crate::error::Result;
use core::alloc::Layout;
use core::ptr::NonNull;

pub mod allocator;
pub(crate) mod init;
pub mod kbox;
pub mod kvec;
pub mod layout;

pub use self::init::InPlaceInit;
pub use self::kbox::Box;
pub use self::kbox::KBox;
pub use self::kbox::KVBox;
pub use self::kbox::VBox;
pub use self::kvec::IntoIter;
pub use self::kvec::KVVec;
pub use self::kvec::KVec;
pub use self::kvec::VVec;
pub use self::kvec::Vec;

/// There is no memory for what was asked, or no memory could ever be that large.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct AllocError;

impl From<AllocError> for Error {
    #[inline]
    fn from(_: AllocError) -> Error {
        ENOMEM
    }
}

/// How an allocation may go about finding memory (`gfp_t`).
///
/// The values are in [`flags`]; `|`, `&` and `!` combine them.
///
/// # Examples
///
/// ```
/// let buffer = KBox::<[u8; 512]>::new_uninit(GFP_KERNEL | __GFP_NOWARN)?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// It has bits of the named values only. The others are for the page allocator's own callers: some combinations
/// name no zone, or no list of free pages.
#[derive(Clone, Copy, PartialEq)]
pub struct Flags(u32);

impl Flags {
    /// The bits of all named values.
    const ALL: u32 = flags::__GFP_ZERO.0
        | flags::__GFP_HIGHMEM.0
        | flags::__GFP_NOWARN.0
        | flags::GFP_ATOMIC.0
        | flags::GFP_KERNEL.0
        | flags::GFP_KERNEL_ACCOUNT.0
        | flags::GFP_NOWAIT.0;

    /// The `gfp_t` that C functions take.
    pub(crate) const fn as_raw(self) -> u32 {
        self.0
    }

    /// Whether every flag of `flags` is set.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!((GFP_KERNEL | __GFP_ZERO).contains(__GFP_ZERO));
    /// assert!(!GFP_ATOMIC.contains(GFP_KERNEL));
    /// ```
    pub const fn contains(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl core::ops::BitOr for Flags {
    type Output = Self;

    #[inline]
    fn bitor(self, rhs: Self) -> Self::Output {
        Self(self.0 | rhs.0)
    }
}

impl core::ops::BitAnd for Flags {
    type Output = Self;

    #[inline]
    fn bitand(self, rhs: Self) -> Self::Output {
        Self(self.0 & rhs.0)
    }
}

/// All named flags but these: `flags & !__GFP_ZERO` takes one away.
impl core::ops::Not for Flags {
    type Output = Self;

    #[inline]
    fn not(self) -> Self::Output {
        // INVARIANT: Only bits of named values are left.
        Self(!self.0 & Self::ALL)
    }
}

/// The allocation flags: one without underscores, and any of the others added to it.
pub mod flags {
    use super::Flags;

    /// The memory comes filled with zeroes; what a growing allocation gains is zeroed as well.
    pub const __GFP_ZERO: Flags = Flags(bindings::__GFP_ZERO);

    /// The memory may lie outside what the kernel always maps: for page and `vmalloc` allocations only.
    pub const __GFP_HIGHMEM: Flags = Flags(bindings::__GFP_HIGHMEM);

    /// A failure is not reported in the log; use it where the caller copes with failure.
    pub const __GFP_NOWARN: Flags = Flags(bindings::__GFP_NOWARN);

    /// Never sleeps, and may use the reserves: for interrupts and code under a spinlock.
    ///
    /// Not for NMI context, nor under a raw spinlock.
    pub const GFP_ATOMIC: Flags = Flags(bindings::GFP_ATOMIC);

    /// The usual choice where sleeping is allowed.
    pub const GFP_KERNEL: Flags = Flags(bindings::GFP_KERNEL);

    /// [`GFP_KERNEL`], charged to the memory cgroup of the current task.
    pub const GFP_KERNEL_ACCOUNT: Flags = Flags(bindings::GFP_KERNEL_ACCOUNT);

    /// Never sleeps and leaves the reserves alone: fails easily.
    pub const GFP_NOWAIT: Flags = Flags(bindings::GFP_NOWAIT);
}

/// The NUMA node that an allocation should come from.
///
/// It is a wish: if the node has no memory left, another gives it.
///
/// # Invariants
///
/// The number is [`NumaNode::NO_NODE`]'s or that of a node that this machine can have.
#[derive(Clone, Copy, PartialEq)]
pub struct NumaNode(i32);

impl NumaNode {
    /// No node is preferred (`NUMA_NO_NODE`).
    pub const NO_NODE: NumaNode = NumaNode(bindings::NUMA_NO_NODE);

    /// The node of that number, where -1 stands for [`NumaNode::NO_NODE`].
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if this machine cannot have such a node.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::alloc::NumaNode;
    ///
    /// assert!(NumaNode::new(0).is_ok());
    /// assert!(NumaNode::new(-2).is_err());
    /// ```
    pub fn new(node: i32) -> Result<Self> {
        if node == bindings::NUMA_NO_NODE {
            return Ok(Self::NO_NODE);
        }

        let in_range = u32::try_from(node).is_ok_and(|node| node < bindings::MAX_NUMNODES);
        // SAFETY: Just checked that `node` is a bit of the node mask that C looks into.
        if !in_range || !unsafe { bindings::node_possible(node) } {
            return Err(EINVAL);
        }

        // INVARIANT: `node` is possible, and that never changes after boot.
        Ok(NumaNode(node))
    }
}

/// One of the kernel's allocators.
///
/// The functions have no `self`: an allocator is a type and has no instances.
///
/// # Safety
///
/// Memory stays valid until it is freed, any function of the trait takes what another returned, and
/// each function keeps what its `# Guarantees` say.
pub unsafe trait Allocator {
    /// The alignment that every allocation has, whatever its layout asks.
    const MIN_ALIGN: usize;

    /// Allocates memory for `layout`, preferably on node `nid`. A size of zero takes no memory.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is not enough memory.
    ///
    /// # Guarantees
    ///
    /// On success the memory is valid for reads and writes of `layout.size()` bytes, and aligned to
    /// `layout.align()`, until it is passed to [`Allocator::realloc`] or [`Allocator::free`].
    fn alloc(layout: Layout, flags: Flags, nid: NumaNode) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: `None` asks for new memory, and then there is no old layout to match.
        unsafe { Self::realloc(None, layout, Layout::new::<()>(), flags, nid) }
    }

    /// Changes the size of the allocation at `ptr` from `old_layout` to `layout`, maybe moving it.
    ///
    /// A new size of zero frees it. Whether less memory is used after shrinking is up to the allocator.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is not enough memory; the old allocation is untouched then.
    ///
    /// # Safety
    ///
    /// - If `ptr` is `Some`, it is this allocator's and `old_layout` is what it was last allocated with;
    ///   if `old_layout` has size zero it may be any pointer.
    /// - If `ptr` is `None`, new memory is allocated and `old_layout` is ignored.
    ///
    /// # Guarantees
    ///
    /// Those of [`Allocator::alloc`]. In addition, the first bytes keep their values, as many as both
    /// layouts have; with [`flags::__GFP_ZERO`] those that the new layout has more are zero.
    unsafe fn realloc(
        ptr: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
        nid: NumaNode,
    ) -> Result<NonNull<[u8]>, AllocError>;

    /// Frees the allocation at `ptr`.
    ///
    /// # Safety
    ///
    /// - `ptr` is this allocator's and `layout` is what it was last allocated with; if `layout` has size
    ///   zero it may be any pointer.
    /// - The memory is not used after this.
    unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
        // SAFETY: The caller promises what `realloc` asks for; the new size zero makes it free.
        let _ = unsafe {
            Self::realloc(
                Some(ptr),
                Layout::new::<()>(),
                layout,
                Flags(0),
                NumaNode::NO_NODE,
            )
        };
    }
}

/// A pointer that fits `layout` where no memory is needed.
pub(crate) fn dangling_from_layout(layout: Layout) -> NonNull<u8> {
    let ptr = core::ptr::without_provenance_mut(layout.align());

    // SAFETY: An alignment is a power of two, hence not zero.
    unsafe { NonNull::new_unchecked(ptr) }
}
