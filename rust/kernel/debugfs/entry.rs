// SPDX-License-Identifier: GPL-2.0-only

//! What C has of a file or directory.

use super::ops::FileOps;
use crate::bindings;
use crate::module::Live;
use crate::str::CStr;
use crate::str::CStrExt as _;
use crate::sync::Arc;
use core::marker::PhantomData;

/// A file or directory. Dropping it removes it, with all that is in it, if it is this one's.
///
/// # Invariants
///
/// `dentry` is null, an error, or there as long as `'a`; C takes each of them.
pub(super) struct Entry<'a> {
    dentry: *mut bindings::dentry,
    /// None if someone else removes it.
    owned: Option<Live>,
    /// What it is in stays as long.
    _parent: Option<Arc<Entry<'static>>>,
    _within: PhantomData<&'a ()>,
}

// SAFETY: C locks.
unsafe impl Send for Entry<'_> {}

// SAFETY: C locks.
unsafe impl Sync for Entry<'_> {}

impl Entry<'static> {
    fn owned(dentry: *mut bindings::dentry, parent: Option<Arc<Self>>) -> Self {
        Self {
            dentry,
            owned: Some(Live::new()),
            _parent: parent,
            _within: PhantomData,
        }
    }

    /// Nothing.
    pub(super) fn empty() -> Self {
        Self::owned(core::ptr::null_mut(), None)
    }

    pub(super) fn dir(name: &CStr, parent: Option<Arc<Self>>) -> Self {
        let within = parent
            .as_ref()
            .map_or(core::ptr::null_mut(), |parent| parent.dentry);
        // SAFETY: The parent is there, or null for the root, or an error, which C passes on.
        let dentry = unsafe { bindings::debugfs_create_dir(name.as_char_ptr(), within) };
        Self::owned(dentry, parent)
    }

    /// # Safety
    ///
    /// `data` must stay where it is until the result has been dropped.
    pub(super) unsafe fn file<T>(
        name: &CStr,
        parent: Arc<Self>,
        data: &T,
        ops: &'static FileOps<T>,
    ) -> Self {
        // SAFETY: The parent is there; by the safety requirement the data is as long as the file.
        let dentry = unsafe { create(name, parent.dentry, data, ops) };
        Self::owned(dentry, Some(parent))
    }
}

impl Entry<'_> {
    /// The same, which stays when the result is dropped.
    pub(super) fn borrowed(&self) -> Entry<'_> {
        Entry {
            dentry: self.dentry,
            owned: None,
            _parent: None,
            _within: PhantomData,
        }
    }

    /// Makes a directory that is removed with this one.
    pub(super) fn dir_within(&self, name: &CStr) -> Entry<'_> {
        // SAFETY: This one is there, or an error, which C passes on; null is the root.
        let dentry = unsafe { bindings::debugfs_create_dir(name.as_char_ptr(), self.dentry) };
        Entry {
            dentry,
            owned: None,
            _parent: None,
            _within: PhantomData,
        }
    }

    /// Makes a file that is removed with this one.
    ///
    /// # Safety
    ///
    /// `data` must stay where it is until then.
    pub(super) unsafe fn file_within<T>(&self, name: &CStr, data: &T, ops: &'static FileOps<T>) {
        // SAFETY: This one is there; by the safety requirement the data is as long as the file.
        unsafe { create(name, self.dentry, data, ops) };
    }
}

/// # Safety
///
/// `within` must be a directory, null or an error; `data` must stay until the file is removed.
unsafe fn create<T>(
    name: &CStr,
    within: *mut bindings::dentry,
    data: &T,
    ops: &'static FileOps<T>,
) -> *mut bindings::dentry {
    let data = core::ptr::from_ref(data).cast_mut().cast();
    // SAFETY: By the safety requirement; the operations are made for a `T`.
    unsafe {
        bindings::debugfs_create_file_of(name.as_char_ptr(), ops.mode(), within, data, ops.table())
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if self.owned.is_some() {
            // SAFETY: By the type invariant; C waits until nobody uses what is removed.
            unsafe { bindings::debugfs_remove(self.dentry) };
        }
    }
}
