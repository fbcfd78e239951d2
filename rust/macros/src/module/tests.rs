// SPDX-License-Identifier: GPL-2.0-only

//! Random edits of a valid module: whatever comes out, the macro gives items or an error.

use proc_macro2::Group;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use std::str::FromStr;

const MODULE: &str = r#"
    type: nested::Full<u8>,
    name: "full",
    authors: ["One", "Two"],
    description: "Text",
    version: "1",
    license: "GPL",
    alias: ["a"],
    softdep: ["pre: a"],
    firmware: ["f"],
    imports_ns: ["N"],
    info: { tag: "t", },
    initcall: late,
    params: {
        list: [u8; 3] { default: [1, 2], description: "A list", min: 1, max: 5, },
        text: string<8> { default: "a", description: "", permissions: 0o600, name: "b", },
        own: own::Type { default: own::Type(1), description: "", set: check, unsafe: true, },
        level: i8 { default: -128, description: "The level", },
        debug: bool { default: true, description: "Whether to debug", },
    },
"#;

/// Tokens that edits put in: parts of the grammar, and what has no place in it.
const POOL: &str = r#"
    type name authors description license alias firmware imports_ns params default author
    version softdep info initcall permissions min max set get hardware level charp string hexint
    0o644 i8 u64 bool str r#type _ self dyn fn unsafe
    : , ; - -- . .. :: = => # $ & < > !
    0 1 255 256 0xff 340282366920938463463374607431768211456 1u8 1.5 'c' b'c'
    "" "text" "\0" "{x}" r"raw" b"bytes" c"c" "suffix"x
    [] {} () ["x"] { x: u8 { default: 0, description: "", }, } 'life
"#;

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn edit(tokens: TokenStream, pool: &[TokenTree], random: &mut Random) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    let new = pool[random.below(pool.len())].clone();
    if trees.is_empty() {
        return new.into();
    }

    let at = random.below(trees.len());
    let other = random.below(trees.len());
    match &trees[at] {
        TokenTree::Group(group) if random.below(4) > 0 => {
            let inside = edit(group.stream(), pool, random);
            trees[at] = Group::new(group.delimiter(), inside).into();
        }
        _ => match random.below(5) {
            0 => drop(trees.remove(at)),
            1 => trees.insert(at, trees[other].clone()),
            2 => trees.swap(at, other),
            3 => trees.insert(at, new),
            _ => trees[at] = new,
        },
    }
    trees.into_iter().collect()
}

fn tokens(source: &str) -> TokenStream {
    TokenStream::from_str(source).expect("the test's source is made of tokens")
}

/// Calls `expand` with `rounds` edited copies of `source`; returns how many it took and refused.
fn fuzz(
    source: &str,
    rounds: usize,
    mut expand: impl FnMut(TokenStream) -> syn::Result<TokenStream>,
) -> (usize, usize) {
    let pool: Vec<TokenTree> = tokens(POOL).into_iter().collect();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..rounds {
        let mut input = tokens(source);
        for _ in 0..=random.below(3) {
            input = edit(input, &pool, &mut random);
        }
        match expand(input.clone()) {
            Ok(items) => {
                taken += 1;
                let parsed = syn::parse2::<syn::File>(items);
                assert!(
                    parsed.is_ok(),
                    "{input}\ngives no items: {:?}",
                    parsed.err()
                );
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty(), "{input}");
            }
        }
    }
    (taken, refused)
}

/// What a parameter of a module that starts at `subsys` is made into.
fn expanded(keys: &str) -> String {
    let module = format!(
        "type: T, name: \"t\", license: \"GPL\", initcall: subsys, params: {{
            x: u8 {{ default: 0, description: \"\", {keys} }},
        }},"
    );
    let items = super::module(tokens(&module)).expect("it is valid");
    items.to_string()
}

#[test]
fn what_other_modules_may_borrow_before_it_is_read_is_guarded() {
    // With a level it is read when others have started, which may call what this module exports.
    for level in ["core", "subsys"] {
        let items = expanded(&format!("level: {level},"));
        assert!(
            items.contains("Guarded") && items.contains("set_ready"),
            "{level}: {items}"
        );
        assert!(!items.contains(". close ()"), "{level}: {items}");
    }
    assert!(expanded("").contains(":: LoadTime"));
    // Such a one is read whole, whenever.
    for keys in ["level: fs,", "permissions: 0o600, level: core,"] {
        let items = expanded(keys);
        assert!(
            items.contains(":: RunTime") && !items.contains("Guarded"),
            "{keys}: {items}"
        );
    }
}

#[test]
fn what_runs_code_is_closed_when_the_module_ends() {
    for keys in ["set: f,", "permissions: 0o400, get: f,"] {
        let items = expanded(keys);
        assert!(
            items.matches(". close ()").count() == 2 && items.contains("set_ready"),
            "{items}"
        );
        assert!(
            items.contains("HAS_CODE : :: core :: primitive :: bool = true"),
            "{items}"
        );
    }
    assert!(!expanded("max: 1,").contains(". close ()"));
    assert!(expanded("max: 1,").contains("HAS_CODE : :: core :: primitive :: bool = false"));
}

#[test]
fn edited_modules_give_items_or_an_error() {
    let (taken, refused) = fuzz(MODULE, 4000, super::module);
    assert!(
        taken > 100 && refused > 1000,
        "{taken} taken, {refused} refused"
    );
}

#[test]
fn edited_traits_and_pastes_do_not_panic() {
    let item = "pub trait T<'a>: Sized { const HAS_A: bool = true; fn a(&self) {} fn r#b(); }";
    let (taken, refused) = fuzz(item, 1000, |input| {
        crate::vtable::vtable(TokenStream::new(), input)
    });
    assert!(
        taken > 20 && refused > 100,
        "{taken} taken, {refused} refused"
    );

    let item = "fn [<a _ 1 b:upper c:span>]() {} mod [<x>] { struct [<A 'b>]; }";
    let (_, refused) = fuzz(item, 1000, |input| {
        // What is around the brackets is not for `paste!` to judge.
        crate::paste::paste(input).map(|_| TokenStream::new())
    });
    assert!(refused > 100, "{refused} refused");

    fuzz(r#""{} {x} {:1$}", a, b = 1 + 2"#, 1000, |input| {
        crate::fmt::fmt(input);
        Ok(TokenStream::new())
    });
}
