// SPDX-License-Identifier: GPL-2.0-only

//! Manifests, for steps whose inputs are known only after they have run, as compilers report them.
//!
//! The key of a manifest is a hash of what is known before the step runs. It has a variant for each set of inputs
//! that the step has had, as the manifests of `ccache` do.

use super::Store;
use crate::building::stamp::Key;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;

const KIND: &str = "manifests";

/// How many variants a manifest keeps; older ones are dropped.
const VARIANTS: usize = 8;

/// A file that a step has read, relative to a directory that the step knows, and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Input {
    pub path: String,
    pub hash: String,
}

/// One set of inputs, and the key of what was made from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub files: Vec<Input>,
    /// Variables of the environment; `None` is one that was not set.
    #[serde(default)]
    pub variables: Vec<(String, Option<String>)>,
    /// A further condition, where there is one.
    #[serde(default)]
    pub other: Option<String>,
    pub result: String,
}

/// The manifest of one key.
pub struct Manifest<'a> {
    store: &'a Store,
    key: String,
    variants: Vec<Variant>,
}

impl<'a> Manifest<'a> {
    pub fn open(store: &'a Store, key: &Key) -> Self {
        let key = key.hex();
        let text = store.read(KIND, &key);
        let variants = text.and_then(|text| serde_json::from_slice(&text).ok());
        Self {
            store,
            key,
            variants: variants.unwrap_or_default(),
        }
    }

    /// The variant whose inputs have not changed. `hash` returns the hash of a path that is given as it was recorded.
    pub fn find(
        &self,
        other: Option<&str>,
        mut hash: impl FnMut(&Path) -> Option<String>,
    ) -> Option<&Variant> {
        let same_variable =
            |(name, value): &(String, Option<String>)| std::env::var(name).ok() == *value;
        self.variants.iter().find(|variant| {
            variant
                .other
                .as_deref()
                .is_none_or(|recorded| Some(recorded) == other)
                && variant.variables.iter().all(same_variable)
                && variant
                    .files
                    .iter()
                    .all(|input| hash(Path::new(&input.path)).as_ref() == Some(&input.hash))
        })
    }

    /// Adds a variant, as the first to be compared.
    pub fn add(&mut self, variant: Variant) -> Result<()> {
        self.variants.retain(|other| other.result != variant.result);
        self.variants.insert(0, variant);
        self.variants.truncate(VARIANTS);
        self.store
            .write(KIND, &self.key, &serde_json::to_vec(&self.variants)?)
    }
}

/// The key of what is made from `files`, for a step of the key `base`.
pub fn result(base: &Key, files: &[Input]) -> String {
    base.clone().and(files).hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variant_of_the_present_inputs_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path()).unwrap();
        let base = Key::new("step");
        let variant = |hash: &str, other: Option<&str>| {
            let files = vec![Input {
                path: "a.rs".to_owned(),
                hash: hash.to_owned(),
            }];
            Variant {
                result: result(&base, &files),
                files,
                variables: vec![("FERRULE_IS_NEVER_SET".to_owned(), None)],
                other: other.map(str::to_owned),
            }
        };
        let (old, new) = (variant("1", None), variant("2", Some("cc")));
        for added in [&old, &new] {
            Manifest::open(&store, &base).add(added.clone()).unwrap();
        }
        let manifest = Manifest::open(&store, &base);
        let find = |hash: &'static str, other| manifest.find(other, |_| Some(hash.to_owned()));
        assert_eq!(find("1", Some("cc")), Some(&old));
        assert_eq!(find("2", Some("cc")), Some(&new));
        assert_eq!(find("2", Some("gcc")), None);
        assert_eq!(find("3", None), None);
        assert_eq!(manifest.find(None, |_| None), None, "a file that has gone");
    }
}
