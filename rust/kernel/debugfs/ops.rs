// SPDX-License-Identifier: GPL-2.0-only

//! The tables of file operations.

use super::Reader;
use super::Writer;
use crate::bindings;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_char;
use crate::ffi::c_int;
use crate::ffi::c_void;
use crate::fmt;
use crate::uaccess::UserPtr;
use crate::uaccess::UserSlice;
use crate::uaccess::UserSliceReader;
use core::fmt::Write as _;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// How the text of a `T` is made.
pub(super) trait Show<T> {
    fn show(data: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// How a `T` takes what is written.
pub(super) trait Store<T> {
    fn store(data: &T, reader: &mut UserSliceReader) -> Result;
}

/// By the traits of the type.
pub(super) struct ByTrait;

impl<T: Writer> Show<T> for ByTrait {
    fn show(data: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        data.write(f)
    }
}

impl<T: Reader> Store<T> for ByTrait {
    fn store(data: &T, reader: &mut UserSliceReader) -> Result {
        data.read_from_slice(reader)
    }
}

/// By a function that is nothing in memory: who uses this type has got one.
pub(super) struct ByFn<F>(PhantomData<F>);

impl<F: 'static> ByFn<F> {
    fn function() -> &'static F {
        const {
            assert!(
                size_of::<F>() == 0,
                "a closure that captures nothing is needed"
            )
        };
        // SAFETY: Of a type without size there is a value wherever it is aligned, if there is one at all.
        unsafe { NonNull::<F>::dangling().as_ref() }
    }
}

impl<T, F> Show<T> for ByFn<F>
where
    F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + 'static,
{
    fn show(data: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::function()(data, f)
    }
}

impl<T, F: Fn(&T, &mut UserSliceReader) -> Result + 'static> Store<T> for ByFn<F> {
    fn store(data: &T, reader: &mut UserSliceReader) -> Result {
        Self::function()(data, reader)
    }
}

/// What C does with a file that shows a `T`.
///
/// # Invariants
///
/// The operations are sound for a file whose inode has a pointer to a `T`, which stays as long as they
/// can be called.
pub(super) struct FileOps<T> {
    table: bindings::file_operations,
    mode: u16,
    _data: PhantomData<fn(&T)>,
}

// SAFETY: Nobody changes it.
unsafe impl<T> Sync for FileOps<T> {}

/// The tables of files that show by `S` and store by `W`.
struct Tables<T, S, W>(PhantomData<(T, S, W)>);

impl<T: Sync + 'static, S: Show<T>, W> Tables<T, S, W> {
    const READ: &'static FileOps<T> = &FileOps {
        table: bindings::file_operations {
            owner: crate::module::THIS,
            open: Some(open_to_show::<T, S>),
            read: Some(bindings::seq_read),
            llseek: Some(bindings::seq_lseek),
            release: Some(bindings::single_release),
            ..pin_init::zeroed()
        },
        mode: 0o400,
        _data: PhantomData,
    };
}

impl<T: Sync + 'static, S: Show<T>, W: Store<T>> Tables<T, S, W> {
    const READ_WRITE: &'static FileOps<T> = &FileOps {
        table: bindings::file_operations {
            owner: crate::module::THIS,
            open: Some(open_to_show::<T, S>),
            read: Some(bindings::seq_read),
            write: Some(store::<T, W>),
            llseek: Some(bindings::seq_lseek),
            release: Some(bindings::single_release),
            ..pin_init::zeroed()
        },
        mode: 0o600,
        _data: PhantomData,
    };
}

impl<T: Sync + 'static, S, W: Store<T>> Tables<T, S, W> {
    const WRITE: &'static FileOps<T> = &FileOps {
        table: bindings::file_operations {
            owner: crate::module::THIS,
            open: Some(open_to_store),
            write: Some(store::<T, W>),
            llseek: Some(bindings::noop_llseek),
            ..pin_init::zeroed()
        },
        mode: 0o200,
        _data: PhantomData,
    };
}

impl<T: Sync + 'static> FileOps<T> {
    pub(super) fn read_only<S: Show<T>>() -> &'static Self {
        Tables::<T, S, ()>::READ
    }

    pub(super) fn write_only<W: Store<T>>() -> &'static Self {
        Tables::<T, (), W>::WRITE
    }

    pub(super) fn read_write<S: Show<T>, W: Store<T>>() -> &'static Self {
        Tables::<T, S, W>::READ_WRITE
    }
}

impl<T> FileOps<T> {
    pub(super) fn table(&self) -> *const bindings::file_operations {
        &self.table
    }

    pub(super) fn mode(&self) -> u16 {
        self.mode
    }
}

/// Formats a `T` by `S`.
struct Shown<'a, T, S>(&'a T, PhantomData<S>);

impl<T, S: Show<T>> core::fmt::Display for Shown<'_, T, S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        S::show(self.0, f)
    }
}

/// Writes to a `seq_file`: C tries again with more room if there is too little.
struct Seq(*mut bindings::seq_file);

impl core::fmt::Write for Seq {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        // SAFETY: C has passed the `seq_file` for this call.
        unsafe { bindings::seq_write(self.0, text.as_ptr().cast(), text.len()) };
        Ok(())
    }
}

unsafe extern "C" fn open_to_show<T, S: Show<T>>(
    inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    // SAFETY: C passes both; the inode has the pointer to the data.
    unsafe { bindings::single_open(file, Some(show::<T, S>), (*inode).i_private) }
}

unsafe extern "C" fn show<T, S: Show<T>>(seq: *mut bindings::seq_file, _: *mut c_void) -> c_int {
    // SAFETY: The file was opened by `open_to_show()`, and what it shows stays during the call.
    let data = unsafe { &*(*seq).private.cast::<T>() };
    // What does not fit is tried again; a failing `show()` of the driver's ends the text.
    let _ = write!(Seq(seq), "{}", Shown::<T, S>(data, PhantomData));
    0
}

unsafe extern "C" fn open_to_store(
    inode: *mut bindings::inode,
    file: *mut bindings::file,
) -> c_int {
    // SAFETY: C passes both.
    let (inode, file) = unsafe { (&*inode, &mut *file) };
    file.private_data = inode.i_private;
    0
}

unsafe extern "C" fn store<T, W: Store<T>>(
    file: *mut bindings::file,
    buf: *const c_char,
    count: usize,
    _pos: *mut bindings::loff_t,
) -> isize {
    // SAFETY: C passes the file, whose inode has the pointer to the data; that stays during the call.
    let data = unsafe { &*(*bindings::file_inode(file)).i_private.cast::<T>() };
    let slice = UserSlice::new(UserPtr::from_ptr(buf.cast_mut().cast()), count);
    match W::store(data, &mut slice.reader()) {
        Ok(()) => count as isize,
        Err(error) => Error::to_errno(error) as isize,
    }
}
