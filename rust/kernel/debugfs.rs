// SPDX-License-Identifier: GPL-2.0-only

//! Files in `/sys/kernel/debug`, for those who look for bugs.
//!
//! A [`File`] owns what it shows; a [`Scope`] has several files that show parts of one value. Nothing
//! fails here: where no file can be made, there is none, as in C.
//!
//! C header: `include/linux/debugfs.h`.

use crate::alloc::flags::GFP_KERNEL;
use crate::error::code::EINVAL;
use crate::error::Result;
use crate::fmt;
use crate::init::PinInit;
use crate::str::BStr;
use crate::str::CStr;
use crate::str::ParseInt;
use crate::sync::atomic::Atomic;
use crate::sync::atomic::AtomicType;
use crate::sync::atomic::Relaxed;
use crate::sync::Arc;
use crate::uaccess::UserSliceReader;
use core::marker::PhantomData;
use core::marker::PhantomPinned;
use core::ops::Deref;
use entry::Entry;
use ops::ByFn;
use ops::ByTrait;
use ops::FileOps;
use pin_init::pin_data;

mod entry;
mod ops;

/// What a file can show: all that is [`Debug`](fmt::Debug), as `{:?}` and a line feed.
pub trait Writer {
    /// Writes the file's text.
    ///
    /// # Errors
    ///
    /// The formatter's.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<T: fmt::Debug> Writer for T {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{self:?}")
    }
}

/// What can be changed by a write to a file.
pub trait Reader {
    /// Takes what was written.
    ///
    /// # Errors
    ///
    /// The writer gets the errno.
    fn read_from_slice(&self, reader: &mut UserSliceReader) -> Result;
}

/// Takes a number as [`ParseInt`] reads it, in 32 bytes at most; [`EINVAL`] for anything else.
/// C: `debugfs_create_u32()`.
impl<T: AtomicType + ParseInt> Reader for Atomic<T> {
    fn read_from_slice(&self, reader: &mut UserSliceReader) -> Result {
        let mut text = [0; 32];
        let text = text.get_mut(..reader.len()).ok_or(EINVAL)?;
        reader.read_slice(text)?;
        self.store(T::from_str(BStr::from_bytes(text.trim_ascii()))?, Relaxed);
        Ok(())
    }
}

/// A directory. It is removed when the last clone of it is dropped, and all that is in it.
///
/// # Examples
///
/// ```
/// use kernel::debugfs::Dir;
/// use kernel::sync::atomic::{Atomic, Relaxed};
///
/// let dir = Dir::new(c"debugfs_example");
/// let ports = dir.subdir(c"ports");
/// let count = KBox::pin_init(ports.read_write_file(c"count", Atomic::new(2u32)), GFP_KERNEL)?;
/// // The file has the value, shows it, and changes it.
/// assert_eq!(count.load(Relaxed), 2);
/// # Ok::<(), Error>(())
/// ```
///
/// What several processors show at once has to be made for that:
///
/// ```compile_fail,E0277
/// use core::cell::Cell;
/// use kernel::debugfs::Dir;
///
/// let dir = Dir::new(c"debugfs_example");
/// let _ = dir.read_only_file(c"count", Cell::new(2));
/// ```
#[derive(Clone)]
pub struct Dir(Option<Arc<Entry<'static>>>);

impl Dir {
    /// Makes a directory in the root of debugfs.
    ///
    /// Context: process, may sleep. C: `debugfs_create_dir()`.
    pub fn new(name: &CStr) -> Self {
        Self(Arc::new(Entry::dir(name, None), GFP_KERNEL).ok())
    }

    /// Makes a directory in this one.
    ///
    /// Context: process, may sleep. C: `debugfs_create_dir()`.
    pub fn subdir(&self, name: &CStr) -> Self {
        let made = |parent: &Arc<Entry<'static>>| {
            Arc::new(Entry::dir(name, Some(parent.clone())), GFP_KERNEL).ok()
        };
        Self(self.0.as_ref().and_then(made))
    }

    fn file<'a, T: Sync + 'static, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
        ops: &'static FileOps<T>,
    ) -> impl PinInit<File<T>, E> + 'a {
        let scope = Scope::new(data, move |data| match &self.0 {
            // SAFETY: The scope removes the file before the data goes.
            Some(parent) => unsafe { Entry::file(name, parent.clone(), data, ops) },
            None => Entry::empty(),
        });
        pin_init::pin_init!(File { scope <- scope }? E)
    }

    /// Returns the initialiser of a file that can be read.
    pub fn read_only_file<'a, T: Writer + Send + Sync + 'static, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a {
        self.file(name, data, FileOps::<T>::read_only::<ByTrait>())
    }

    /// Returns the initialiser of a file that can be written.
    pub fn write_only_file<'a, T: Reader + Send + Sync + 'static, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a {
        self.file(name, data, FileOps::<T>::write_only::<ByTrait>())
    }

    /// Returns the initialiser of a file that can be read and written.
    pub fn read_write_file<'a, T: Writer + Reader + Send + Sync + 'static, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a {
        self.file(name, data, FileOps::<T>::read_write::<ByTrait, ByTrait>())
    }

    /// Returns the initialiser of a file that a function writes the text of.
    ///
    /// The function must be one of itself: a closure that captures nothing.
    pub fn read_callback_file<'a, T, E: 'a, F>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
        _f: &'static F,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
    {
        self.file(name, data, FileOps::<T>::read_only::<ByFn<F>>())
    }

    /// Returns the initialiser of a file that a function takes what is written to.
    ///
    /// The function must be one of itself: a closure that captures nothing.
    pub fn write_callback_file<'a, T, E: 'a, W>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
        _w: &'static W,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Send + Sync + 'static,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        self.file(name, data, FileOps::<T>::write_only::<ByFn<W>>())
    }

    /// Returns the initialiser of a file with a function for either direction.
    ///
    /// The functions must be ones of themselves: closures that capture nothing.
    pub fn read_write_callback_file<'a, T, E: 'a, F, W>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
        _f: &'static F,
        _w: &'static W,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        self.file(name, data, FileOps::<T>::read_write::<ByFn<F>, ByFn<W>>())
    }

    /// Returns the initialiser of a value with a directory in this one, whose files `init` makes.
    pub fn scope<'a, T: Sync + 'static, E: 'a, F>(
        &'a self,
        data: impl PinInit<T, E> + 'a,
        name: &'a CStr,
        init: F,
    ) -> impl PinInit<Scope<T>, E> + 'a
    where
        F: for<'data, 'dir> FnOnce(&'data T, &'dir ScopedDir<'data, 'dir>) + 'a,
    {
        Scope::new(data, move |data| match &self.0 {
            Some(parent) => ScopedDir::fill(Entry::dir(name, Some(parent.clone())), data, init),
            None => Entry::empty(),
        })
    }
}

/// A value with files that show it. Dropping it removes them, and waits for those who are reading.
#[pin_data]
pub struct Scope<T> {
    // Dropped before the data.
    entry: Entry<'static>,
    #[pin]
    data: T,
    // The files know the address.
    #[pin]
    _pin: PhantomPinned,
}

impl<T: Sync + 'static> Scope<T> {
    fn new<'a, E: 'a>(
        data: impl PinInit<T, E> + 'a,
        make: impl FnOnce(&T) -> Entry<'static> + 'a,
    ) -> impl PinInit<Self, E> + 'a {
        pin_init::pin_init!(&this in Self {
            data <- data,
            _pin: PhantomPinned,
            // SAFETY: The data is there, and stays until the whole is dropped.
            entry: make(unsafe { &(*this.as_ptr()).data }),
        }? E)
    }

    /// Returns the initialiser of a value with a directory in the root of debugfs, whose files `init` makes.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::sync::atomic::AtomicU32;
    /// use kernel::debugfs::Scope;
    ///
    /// #[derive(Default)]
    /// struct Counters {
    ///     sent: AtomicU32,
    ///     received: AtomicU32,
    /// }
    ///
    /// let scope = Scope::dir(Counters::default(), c"scope_example", |counters, dir| {
    ///     dir.read_only_file(c"sent", &counters.sent);
    ///     dir.dir(c"more").read_only_file(c"received", &counters.received);
    /// });
    /// let counters = KBox::pin_init(scope, GFP_KERNEL)?;
    /// counters.sent.store(1, core::sync::atomic::Ordering::Relaxed);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// A file can show what is in the value, and nothing else that may go:
    ///
    /// ```compile_fail
    /// use core::sync::atomic::AtomicU32;
    /// use kernel::debugfs::Scope;
    ///
    /// let local = AtomicU32::new(1);
    /// let _ = Scope::dir((), c"scope_example", |_, dir| {
    ///     dir.read_only_file(c"local", &local);
    /// });
    /// ```
    pub fn dir<'a, E: 'a, F>(
        data: impl PinInit<T, E> + 'a,
        name: &'a CStr,
        init: F,
    ) -> impl PinInit<Self, E> + 'a
    where
        F: for<'data, 'dir> FnOnce(&'data T, &'dir ScopedDir<'data, 'dir>) + 'a,
    {
        Self::new(data, move |data| {
            ScopedDir::fill(Entry::dir(name, None), data, init)
        })
    }
}

impl<T> Deref for Scope<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

/// A file with what it shows. Dropping it removes the file, and waits for those who are reading it.
///
/// Who has opened it keeps the module loaded, and gets an error when it is gone.
#[pin_data]
pub struct File<T> {
    #[pin]
    scope: Scope<T>,
}

impl<T> Deref for File<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.scope
    }
}

/// A directory of a [`Scope`], while its files are made.
pub struct ScopedDir<'data, 'dir> {
    entry: Entry<'dir>,
    _data: PhantomData<fn(&'data ()) -> &'data ()>,
}

impl<'data> ScopedDir<'data, '_> {
    /// Has `init` make files in `dir`, which show what is in `data`.
    fn fill<T>(
        dir: Entry<'static>,
        data: &T,
        init: impl for<'d, 'dir> FnOnce(&'d T, &'dir ScopedDir<'d, 'dir>),
    ) -> Entry<'static> {
        {
            let scoped = ScopedDir {
                entry: dir.borrowed(),
                _data: PhantomData,
            };
            init(data, &scoped);
        }
        dir
    }

    /// Makes a directory in this one.
    pub fn dir<'dir2>(&'dir2 self, name: &CStr) -> ScopedDir<'data, 'dir2> {
        ScopedDir {
            entry: self.entry.dir_within(name),
            _data: PhantomData,
        }
    }

    /// Makes a file that can be read.
    pub fn read_only_file<T: Writer + Send + Sync + 'static>(&self, name: &CStr, data: &'data T) {
        let ops = FileOps::<T>::read_only::<ByTrait>();
        // SAFETY: The scope removes its directory before the data goes, and with it the file.
        unsafe { self.entry.file_within(name, data, ops) };
    }

    /// Makes a file that can be written.
    pub fn write_only_file<T: Reader + Send + Sync + 'static>(&self, name: &CStr, data: &'data T) {
        let ops = FileOps::<T>::write_only::<ByTrait>();
        // SAFETY: As in `read_only_file()`.
        unsafe { self.entry.file_within(name, data, ops) };
    }

    /// Makes a file that can be read and written.
    pub fn read_write_file<T: Writer + Reader + Send + Sync + 'static>(
        &self,
        name: &CStr,
        data: &'data T,
    ) {
        let ops = FileOps::<T>::read_write::<ByTrait, ByTrait>();
        // SAFETY: As in `read_only_file()`.
        unsafe { self.entry.file_within(name, data, ops) };
    }

    /// Makes a file that a function writes the text of: a closure that captures nothing.
    pub fn read_callback_file<T, F>(&self, name: &CStr, data: &'data T, _f: &'static F)
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
    {
        let ops = FileOps::<T>::read_only::<ByFn<F>>();
        // SAFETY: As in `read_only_file()`.
        unsafe { self.entry.file_within(name, data, ops) };
    }

    /// Makes a file that a function takes what is written to: a closure that captures nothing.
    pub fn write_only_callback_file<T, W>(&self, name: &CStr, data: &'data T, _w: &'static W)
    where
        T: Send + Sync + 'static,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        let ops = FileOps::<T>::write_only::<ByFn<W>>();
        // SAFETY: As in `read_only_file()`.
        unsafe { self.entry.file_within(name, data, ops) };
    }

    /// Makes a file with a function for either direction: closures that capture nothing.
    pub fn read_write_callback_file<T, F, W>(
        &self,
        name: &CStr,
        data: &'data T,
        _f: &'static F,
        _w: &'static W,
    ) where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        let ops = FileOps::<T>::read_write::<ByFn<F>, ByFn<W>>();
        // SAFETY: As in `read_only_file()`.
        unsafe { self.entry.file_within(name, data, ops) };
    }
}
