// SPDX-License-Identifier: GPL-2.0-only

//! What cannot be written in an interface.

use macros::export;
use macros::export_symbol;
use macros::export_symbol_ns;
use macros::interface;

#[interface]
fn a_function() {}

#[interface(struct no_structure)]
trait Arguments {}

#[interface]
trait Generic<T> {
    fn take(&self, value: T);
}

#[interface]
trait Methods {
    fn generic<T>(&self, value: T);
}

#[interface]
trait Kept {
    fn keep(&self, text: &'static str);
}

#[interface]
trait KeptByBound {
    fn keep<'a: 'static>(&self, text: &'a str);
}

#[interface]
trait KeptByClause {
    fn keep<'a>(&self, text: &'a str)
    where
        'a: 'static;
}

#[interface]
trait Lent {
    // The implementation may be in a module that goes.
    fn lend(&self) -> &'static str;
}

#[interface]
trait LentToTheCaller {
    // The caller would choose `'static`.
    fn lend<'a>(&self, other: &u32) -> &'a str;
}

#[interface]
trait Exclusive {
    fn change(&mut self);
}

#[interface]
trait Owned {
    fn give(self: Box<Self>);
}

#[interface]
trait Constants {
    const ONE: u32;
}

#[interface]
trait NoObject {
    fn make() -> u32;
}

#[interface]
trait Unsafe {
    unsafe fn trust_me(&self);
}

#[interface]
struct Holder<'a> {
    text: &'a str,
}

#[interface(struct pair)]
struct NotC {
    a: u32,
}

#[interface(pair)]
#[repr(C)]
struct NoName {
    a: u32,
}

#[interface]
extern "Rust" {
    static COUNT: u32;
}

#[interface]
extern "Rust" {
    fn keep(text: &'static str);
}

#[interface]
extern "C" {
    fn print(format: u32, ...);
}

#[interface]
extern "system" {
    fn other();
}

#[interface]
extern "Rust" {
    #[link_name = "other"]
    fn renamed();
}

#[interface]
#[macros::vtable]
trait Changed {
    fn call(&self);
}

#[interface]
trait ChangedMethod {
    #[macros::vtable]
    fn call(&self);
}

#[interface]
#[cfg_attr(all(), macros::vtable)]
struct ChangedStructure;

#[interface]
#[link(name = "other")]
extern "C" {}

#[export_symbol]
fn no_interface() {}

#[export_symbol(api, "NS")]
fn no_namespace() {}

#[export_symbol_ns(api)]
fn namespace() {}

#[export_symbol_ns(api, "A B")]
fn bad_namespace() {}

#[export_symbol(api)]
unsafe fn unsafe_function() {}

// The caller would have to pass its place.
#[track_caller]
#[export_symbol(api)]
fn another_call() {}

#[export_symbol(api)]
#[cfg_attr(all(), track_caller)]
fn another_call_below() {}

#[interface]
extern "C" {
    fn rust_helper_errname();
}

#[export_symbol(api)]
extern "system" fn other_abi() {}

#[export(api)]
fn arguments() {}

fn main() {}
