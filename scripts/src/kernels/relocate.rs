// SPDX-License-Identifier: GPL-2.0-only

//! Makes an unpacked headers package work where it is, instead of under `/usr/src`.

use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Where headers packages expect to be.
const HOME: &str = "/usr/src/";

/// Rewrites what names `/usr/src` in the headers unpacked at `tree`, which will live at `root`.
pub fn headers(tree: &Path, root: &Path) -> Result<()> {
    let sources = tree.join("usr/src");
    for dir in fs::read_dir(&sources).with_context(|| format!("reading {}", sources.display()))? {
        let dir = dir?.path();
        for name in ["Makefile", ".kernelvariables"] {
            let file = dir.join(name);
            // The link to linux-kbuild has neither.
            let Ok(text) = fs::read_to_string(&file) else {
                continue;
            };
            let moved = makefile(&text, &root.display().to_string());
            if moved != text {
                fs::write(&file, moved).with_context(|| format!("writing {}", file.display()))?;
            }
        }
    }
    Ok(())
}

/// Puts `root` before each path under `/usr/src` in a Makefile's text.
///
/// A path is one that starts there: `/usr/src` within a longer path is left alone, so doing it twice
/// changes nothing.
fn makefile(text: &str, root: &str) -> String {
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(HOME) {
        let (before, after) = rest.split_at(at);
        moved.push_str(before);
        let inside_path = moved.ends_with(|c: char| {
            c.is_ascii_alphanumeric() || ['_', '.', '-', '+', '~', ')', '}'].contains(&c)
        });
        if !inside_path {
            moved.push_str(root);
        }
        moved.push_str(HOME);
        rest = &after[HOME.len()..];
    }
    moved + rest
}

/// Lays the modules of `release` out alike whatever the packages did: under `lib/modules`, and with
/// `build` and `source` pointing into this tree.
pub fn modules(tree: &Path, release: &str) -> Result<()> {
    let lib = tree.join("lib");
    let up = if lib.exists() {
        "../../.."
    } else {
        symlink("usr/lib", &lib).with_context(|| format!("linking {}", lib.display()))?;
        "../../../.."
    };
    let modules = lib.join("modules").join(release);
    for name in ["build", "source"] {
        let link = modules.join(name);
        let Ok(target) = fs::read_link(&link) else {
            continue;
        };
        if let Ok(inside) = target.strip_prefix("/") {
            fs::remove_file(&link)?;
            symlink(Path::new(up).join(inside), &link)
                .with_context(|| format!("linking {}", link.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::makefile;

    #[test]
    fn an_included_makefile_and_an_assignment_move() {
        let text = "KBUILD_OUTPUT=/usr/src/linux-headers-7.3-amd64\ninclude /usr/src/linux-headers-7.3-common/Makefile\n";
        let moved = "KBUILD_OUTPUT=/c/r/usr/src/linux-headers-7.3-amd64\n\
                     include /c/r/usr/src/linux-headers-7.3-common/Makefile\n";
        assert_eq!(makefile(text, "/c/r"), moved);
    }

    #[test]
    fn moving_twice_changes_nothing() {
        let once = makefile("include /usr/src/a/Makefile\n-I/usr/src/b\n", "/c/r");
        assert_eq!(makefile(&once, "/c/r"), once);
    }

    #[test]
    fn other_paths_stay() {
        for text in [
            "include $(srctree)/usr/src/x\n",
            "a = /opt/usr/src/x\n",
            "b = /usr/srcx /usr/lib\n",
            "",
        ] {
            assert_eq!(makefile(text, "/c/r"), text);
        }
    }
}
