// SPDX-License-Identifier: GPL-2.0-only

//! What would leave something of a module in another one, and what C has no name for.

#![feature(used_with_arg)]
#![allow(non_camel_case_types)]

use macros::export;
use macros::export_symbol;
use macros::interface;

trait Unchecked {
    fn keep(&self, text: &'static str);
}

type Hidden = &'static str;

#[interface]
trait Callback {
    fn call(&self) -> u32;
}

#[interface]
trait Below: Unchecked {
    fn hidden(&self, text: Hidden);
    fn inside(&self, text: Option<&str>);
    fn function(&self, function: fn());
    fn boxed(&self, callback: Box<dyn Callback>);
    fn unchecked(&self, object: &dyn Unchecked);
    fn nested(&self, text: &&'static str);
    fn slot(&self) -> &std::sync::Mutex<Option<Box<dyn Callback>>>;
    fn raw(&self, pointer: *const u32);
}

#[interface]
struct Fields {
    text: &'static str,
}

#[interface]
enum Variants {
    Function(fn()),
}

#[interface]
#[derive(Clone, Copy)]
struct Plain {
    a: u32,
}

#[interface]
extern "C" {
    fn plain(value: &Plain) -> Plain;
    fn callback(callback: &dyn Callback);
}

// The name that the build gives a file: here there is none.
mod interface {
    #[macros::interface]
    extern "Rust" {
        pub(crate) fn strict(text: &str);
        pub(crate) fn number(number: u32);
    }
}

mod made_up {
    pub(crate) enum unseen {}
}

#[export_symbol(made_up)]
fn unseen() {}

#[export_symbol(interface)]
fn strict(text: &'static str) {
    let _ = text;
}

#[export_symbol(interface)]
fn number(number: u64) {
    let _ = number;
}

#[export]
unsafe extern "C" fn ui_checked(a: u64) -> i32 {
    a as i32
}

fn main() {}
