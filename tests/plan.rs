// SPDX-License-Identifier: GPL-2.0-only

//! Tests of what `tests/vm` runs tests with.

// Not all of these is asked here.
#[allow(dead_code)]
#[path = "vm/parts.rs"]
mod parts;
#[allow(dead_code)]
#[path = "vm/plan.rs"]
mod plan;
#[allow(dead_code)]
#[path = "vm/record.rs"]
mod record;
#[allow(dead_code)]
#[path = "vm/report.rs"]
mod report;
#[path = "vm/select.rs"]
mod select;

use parts::Parts;
use plan::{Job, Plan, Room, Takes};
use record::Key;
use report::Out;
use select::Pattern;
use std::fs;
use std::sync::Mutex;

#[test]
fn parts_of_a_name_may_be_left_out() {
    let name = "7.3::inline::serial::names_and_numbers";
    for text in [
        "",
        "7.3",
        "serial",
        "7.3::serial",
        "inline::names",
        "numbers",
    ] {
        assert!(Pattern::new(text).matches(name), "{text}");
    }
    for text in ["serial::7.3", "7.3::object", "7", "6.1"] {
        assert!(!Pattern::new(text).matches(name), "{text}");
    }
    assert!(!Pattern::new("6.1").matches("6.12::inline::serial"));
}

#[test]
fn a_case_picks_what_reports_it() {
    let below = |text: &str| Pattern::new(text).may_match_below("7.3::inline::test_arc");
    assert!(below("test_arc::counts") && below("7.3::test_arc::counts"));
    assert!(!below("test_arc") && !below("serial::counts") && !below("7.3::counts"));
}

const ROOM: Room = Room {
    builds: 1,
    guests: 2,
};

fn counts(plan: Plan<'_>) -> (usize, usize) {
    let out = Out::quiet();
    plan.run(ROOM, &out);
    let (passed, failed, _) = out.counts();
    (passed, failed)
}

#[test]
fn a_job_starts_after_those_that_it_needs() {
    let order = Mutex::new(Vec::new());
    let says = |name: &'static str| {
        let order = &order;
        Job::new(name, Takes::Build, 1, move |_| {
            order.lock().unwrap().push(name);
            Ok(())
        })
    };
    let mut plan = Plan::default();
    plan.add(says("c").needs(["b"]));
    plan.add(says("b").needs(["a"]));
    plan.add(says("a"));
    assert_eq!(counts(plan), (3, 0));
    assert_eq!(*order.lock().unwrap(), ["a", "b", "c"]);
}

#[test]
fn a_panic_fails_that_job_and_what_needs_it() {
    let mut plan = Plan::default();
    plan.add(Job::new("a", Takes::Guest, 1, |_| panic!("no")));
    plan.add(Job::new("b", Takes::Build, 1, |_| Ok(())).needs(["a"]));
    plan.add(Job::new("c", Takes::Build, 1, |_| Ok(())).needs(["missing"]));
    plan.add(Job::new("d", Takes::Build, 1, |_| Ok(())));
    assert_eq!(counts(plan), (1, 3));
}

#[test]
fn a_name_picks_jobs_with_what_they_need() {
    let mut plan = Plan::default();
    for (name, needs) in [
        ("7.3::prepares", vec![]),
        ("7.3::serial", vec!["7.3::prepares"]),
        ("6.1::prepares", vec![]),
    ] {
        plan.add(Job::new(name, Takes::Nothing, 1, |_| Ok(())).needs(needs));
    }
    plan.select(&Pattern::new("serial::names"));
    assert_eq!(
        plan.names().collect::<Vec<_>>(),
        ["7.3::prepares", "7.3::serial"]
    );
}

#[test]
fn what_others_wait_for_longest_comes_first() {
    let mut plan = Plan::default();
    plan.add(Job::new("short", Takes::Build, 5, |_| Ok(())));
    plan.add(Job::new("first", Takes::Build, 1, |_| Ok(())));
    plan.add(Job::new("long", Takes::Build, 9, |_| Ok(())).needs(["first"]));
    let priorities = plan.priorities();
    assert_eq!((priorities["first"], priorities["short"]), (10, 5));
}

#[test]
fn content_and_names_decide() {
    let dir = tempfile::tempdir().unwrap();
    let key = || Key::default().and_files(dir.path()).unwrap().hex();
    fs::write(dir.path().join("a.rs"), "1").unwrap();
    let before = key();
    for made in ["a.o", ".a.rs.swp", "a.rs~", "x.mod.c"] {
        fs::write(dir.path().join(made), "x").unwrap();
    }
    fs::write(dir.path().join("a.rs"), "1").unwrap();
    assert_eq!(before, key());
    fs::rename(dir.path().join("a.rs"), dir.path().join("b.rs")).unwrap();
    assert_ne!(before, key());
}

const PARTS: Parts = Parts(
    "helper() { :; }

# Parts, in their order:

# A comment () {
first() {
    inner() { :; }
}
second_2() { helper; }
",
);

#[test]
fn functions_below_the_mark_are_parts() {
    assert_eq!(PARTS.names().collect::<Vec<_>>(), ["first", "second_2"]);
    assert!(PARTS.check(&["second_2", "first"]).is_ok());
    let error = |names: &[&str]| PARTS.check(names).unwrap_err().to_string();
    assert!(error(&["first", "second_2", "third"]).starts_with("[\"third\"] have no function"));
    assert!(error(&["first"]).ends_with("nothing is expected of [\"second_2\"]"));
}

#[test]
fn each_file_of_parts_has_some() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vm/parts");
    let mut seen = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap().leak();
        let mut names: Vec<&str> = Parts(text).names().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert!(count > 0 && names.len() == count, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 5);
}

#[test]
fn records_of_the_last_variants_stay() {
    let job = format!("plan-test-{}", std::process::id());
    let kept = |variant: u32| {
        let key = Key::default().and(variant.to_le_bytes());
        record::kept_unless(false, &job, "step", &key, || Ok(variant)).unwrap()
    };
    for variant in 0..6 {
        assert_eq!(kept(variant), (variant, false));
        assert_eq!(kept(variant), (variant, true));
    }
    assert_eq!(kept(3), (3, true));
    assert_eq!(kept(0), (0, false));
    record::forget(&job);
    assert_eq!(kept(3), (3, false));
    record::forget(&job);
}
