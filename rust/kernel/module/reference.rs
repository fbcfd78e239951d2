// SPDX-License-Identifier: GPL-2.0-only

//! References on modules.

use super::ThisModule;
use crate::bindings;

impl ThisModule {
    /// Takes a reference on the module: it cannot be unloaded until the result is dropped.
    ///
    /// A reference does not protect the code that drops it: where the kernel calls a module, what was
    /// registered there keeps it loaded or waits for the call. It is for what has to outlast that,
    /// such as a device that is open. A module that keeps one on itself in its own value is never
    /// unloaded; one whose `init` fails goes, whatever references there are.
    ///
    /// Context: any but NMI. C: `try_module_get()`.
    ///
    /// # Errors
    ///
    /// `None` if the module is being unloaded, or there are more than a billion references.
    ///
    /// # Examples
    ///
    /// ```
    /// # use kernel::prelude::*;
    /// # fn example(module: &'static ThisModule) -> Result {
    /// let in_use = module.try_get().ok_or(ENODEV)?;
    /// // `rmmod` says that the module is in use.
    /// drop(in_use);
    /// # Ok(())
    /// # }
    /// # example(kernel::module::this_module::<LocalModule>())?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn try_get(&'static self) -> Option<ModuleRef> {
        if self.has_too_many_refs() {
            return None;
        }
        // SAFETY: The pointer is valid for as long as code of the module runs, or null for the
        // kernel itself, which C takes too.
        let got = unsafe { bindings::try_module_get(self.0) };
        // INVARIANT: The reference was taken just now.
        got.then(|| ModuleRef(self))
    }

    /// Whether there are so many references that C's count, which does not saturate, might overflow by the next ones.
    fn has_too_many_refs(&self) -> bool {
        // SAFETY: The pointer is valid for as long as code of the module runs, or null for the
        // kernel itself, which the helper takes too.
        unsafe { bindings::module_has_too_many_refs(self.0) }
    }
}

/// A reference on a module: while it lives, `rmmod` of the module fails (`EWOULDBLOCK`).
///
/// Leaking one is safe: the module just stays for good. (There may be a billion of them.)
///
/// # Invariants
///
/// It owns one count of the module's references.
#[must_use = "the module can be unloaded at once if the reference is not kept"]
pub struct ModuleRef(&'static ThisModule);

impl ModuleRef {
    /// Returns the module that it is a reference on.
    ///
    /// Context: any.
    pub fn module(&self) -> &'static ThisModule {
        self.0
    }
}

impl Clone for ModuleRef {
    /// Takes another reference on the module.
    ///
    /// Context: any but NMI. C: `__module_get()`.
    ///
    /// # Panics
    ///
    /// If there are more than a billion references: most were leaked, and C's count must not overflow.
    fn clone(&self) -> Self {
        assert!(
            !self.0.has_too_many_refs(),
            "too many references on a module"
        );
        // SAFETY: By the type invariant there is a count that is not ours to give back before this ends.
        unsafe { bindings::__module_get(self.0.as_ptr()) };
        // INVARIANT: The reference was taken just now.
        Self(self.0)
    }
}

impl Drop for ModuleRef {
    /// Gives the reference back.
    ///
    /// Context: any but NMI. C: `module_put()`.
    fn drop(&mut self) {
        // SAFETY: By the type invariant this reference is ours to give back, once.
        unsafe { bindings::module_put(self.0.as_ptr()) };
    }
}
