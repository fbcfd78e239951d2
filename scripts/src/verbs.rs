// SPDX-License-Identifier: GPL-2.0-only

//! What a user asks for: one module for each verb of the tool that has no place of its own.

pub mod build;
pub mod builtin;
pub mod config;
pub mod demo;
pub mod dkms;
pub mod install;
pub mod lint;
pub mod new;
