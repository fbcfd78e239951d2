// SPDX-License-Identifier: GPL-2.0-only

//! Selects tests by parts of their names: `7.3::serial`, `uart16550`, `test_arc`.

/// The value of `T=`: parts of a test's name, in their order, some of which may be left out.
#[derive(Clone, Default)]
pub struct Pattern(Vec<String>);

impl Pattern {
    pub fn new(text: &str) -> Self {
        let parts = text.split("::").filter(|part| !part.is_empty());
        Self(parts.map(str::to_owned).collect())
    }

    /// Whether this selects the test `name`: each part of the pattern occurs in a part of the name, in this order.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = name.split("::");
        self.0
            .iter()
            .all(|wanted| parts.any(|part| is_part(part, wanted)))
    }

    /// Whether this may select a test whose name begins with `name`: the parts of `name` match the first of the pattern's.
    pub fn may_match_below(&self, name: &str) -> bool {
        let last = name.rsplit("::").next().unwrap_or_default();
        (1..self.0.len()).any(|count| {
            let (first, _) = self.0.split_at(count);
            is_part(last, &first[count - 1]) && Self(first.to_vec()).matches(name)
        })
    }
}

/// A kernel's series matches as a whole only: `6.1` does not select `6.12`.
fn is_part(part: &str, wanted: &str) -> bool {
    match part.starts_with(|c: char| c.is_ascii_digit()) {
        true => part == wanted,
        false => part.contains(wanted),
    }
}
