// SPDX-License-Identifier: GPL-2.0-only

//! What the `ferrule` tool is made of, grouped by what it is for. docs/tool.md follows one module through it.

pub mod building;
pub mod command;
pub mod dirs;
pub mod elf;
pub mod kernels;
pub mod machine;
pub mod verbs;
pub mod vm;
