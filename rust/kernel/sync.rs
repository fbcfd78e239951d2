// SPDX-License-Identifier: GPL-2.0-only

//! Synchronisation and shared ownership.

pub mod arc;
pub mod aref;
pub mod atomic;
pub mod barrier;
pub mod completion;
mod condvar;
pub mod lock;
mod lock_class;
mod locked_by;
pub mod rcu;
pub mod refcount;
mod set_once;

pub use self::arc::Arc;
pub use self::arc::ArcBorrow;
pub use self::arc::UniqueArc;
pub use self::completion::Completion;
pub use self::condvar::new_condvar;
pub use self::condvar::CondVar;
pub use self::condvar::CondVarTimeoutResult;
pub use self::lock::mutex::new_mutex;
pub use self::lock::mutex::Mutex;
pub use self::lock::mutex::MutexGuard;
pub use self::lock::spinlock::new_spinlock;
pub use self::lock::spinlock::SpinLock;
pub use self::lock::spinlock::SpinLockGuard;
pub use self::lock::spinlock_irq::new_spinlock_irq;
pub use self::lock::spinlock_irq::SpinLockIrq;
pub use self::lock::spinlock_irq::SpinLockIrqGuard;
pub use self::lock_class::static_lock_class;
pub use self::lock_class::LockClassKey;
pub use self::locked_by::LockedBy;
pub use self::refcount::Refcount;
pub use self::set_once::SetOnce;
