// SPDX-License-Identifier: GPL-2.0-only

//! Which tests a name picks: `7.3::serial`, `uart16550`, `test_arc`.

/// What `T=` says: the parts of a test's name, in their order, some of which may be left out.
#[derive(Clone, Default)]
pub struct Pattern(Vec<String>);

impl Pattern {
    pub fn new(text: &str) -> Self {
        let parts = text.split("::").filter(|part| !part.is_empty());
        Self(parts.map(str::to_owned).collect())
    }

    /// Whether the test `name` is meant: each part of the pattern is in a part of the name, in this order.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = name.split("::");
        self.0
            .iter()
            .all(|wanted| parts.any(|part| is_part(part, wanted)))
    }

    /// Whether a test below `name` may be meant: the parts of `name` are used up before those of the pattern.
    pub fn may_match_below(&self, name: &str) -> bool {
        let last = name.rsplit("::").next().unwrap_or_default();
        (1..self.0.len()).any(|count| {
            let (first, _) = self.0.split_at(count);
            is_part(last, &first[count - 1]) && Self(first.to_vec()).matches(name)
        })
    }
}

/// A kernel's series is only meant by its whole name: `6.1` is not `6.12`.
fn is_part(part: &str, wanted: &str) -> bool {
    match part.starts_with(|c: char| c.is_ascii_digit()) {
        true => part == wanted,
        false => part.contains(wanted),
    }
}
