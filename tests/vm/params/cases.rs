// SPDX-License-Identifier: GPL-2.0-only

//! The strings that both modules get.

use std::fmt::Write;

/// What numbers may look like, and what is none.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "+1",
    "2",
    "127",
    "128",
    "255",
    "256",
    "-128",
    "-129",
    "32767",
    "32768",
    "65535",
    "65536",
    "-32768",
    "-32769",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "0x1f",
    "0X1F",
    "0xg",
    "0x",
    "017",
    "08",
    "0b1",
    "1e3",
    "1.5",
    "",
    " 1",
    "1 ",
    "\t1",
    "--1",
    "-0",
    "-0x10",
    "1_000",
    "1,2",
    "Y",
    "n",
    "on",
    "oF",
    "tRUE",
    "yes",
    "\u{663}",
    "\u{e9}",
    "1\n",
    "1\n\n",
    "\n",
    "1\0",
    "0\r",
];

/// Fewer of them, for what takes longer.
const FEW: &[&str] = &[
    "1",
    "-1",
    "0x1f",
    "017",
    "300",
    "70000",
    "4294967296",
    "18446744073709551615",
    "x",
    "Y",
    "",
];

const SCALARS: &[&str] = &[
    "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "isize", "usize", "hexint", "bint",
    "bool", "invbool", "enable",
];

/// Options of a load that are about the grammar.
const OPTIONS: &[&str] = &[
    "",
    " ",
    "=",
    "=1",
    "i32",
    "i32=",
    "i32 =1",
    "i32= 1",
    "i32=1 i32=2",
    "i32=1 i32=x",
    "i32=x i32=1",
    "bool",
    "invbool",
    "bint",
    "enable",
    "bool bool=n",
    "enable enable=n",
    "enable=n",
    "charp",
    "charp=",
    "charp=a charp=b",
    "charp=a charp",
    "charp=\"a b\"",
    "\"charp=a b\"",
    "charp=a\"b c\"d",
    "charp=\"open",
    "charp=a=b",
    "charp='a b'",
    "charp=a\\ b",
    "charp=\u{e9}\u{4e2d}\u{1f600}",
    "charp=%s%n",
    "charp=a\tb",
    "charp=a\nb",
    "null_rw=x",
    "null_rw=",
    "string=fifteen_bytes__",
    "string=sixteen_bytes___",
    "string=",
    "string",
    "string=a string=b",
    "string=\"a b\"",
    "ints=1",
    "ints=1,2,3,4",
    "ints=1,2,3,4,5",
    "ints=",
    "ints",
    "ints=,",
    "ints=1,",
    "ints=,1",
    "ints=1,,2",
    "ints=1,x,3",
    "ints=0x10,-7",
    "ints=1 ints=2,3",
    "ints=1,2,3,4 ints=9",
    "ints=\"1, 2\"",
    "words_rw=a,b,c",
    "words_rw=a,b,c,d",
    "words_rw=,,",
    "words_rw=",
    "words_rw=\"a b,c\"",
    "words_rw=x,y words_rw=z",
    "bools_rw=Y,n",
    "bools_rw=1",
    "bools_rw=Y,n,1",
    "bools_rw=,",
    "bools_rw=x",
    "unknown",
    "unknown=1",
    "params.i32=1",
    "i-32=1",
    "charp-rw=dash",
    "renamed=5",
    "other=5",
    "hidden=7",
    "hidden=x",
    "danger=1",
    "danger=x",
    "io=0x3f8",
    "io=x",
    "i32=1 -- u32=2",
    "i32=1  u32=2",
    "i32=1\tu32=2",
    "\ti32=1",
    "i32=1\n",
    "I32=1",
    "i32=1;u32=2",
    "i32:1",
    "i32==1",
];

/// The same for the module with functions of its own.
const OPTIONS_CB: &[&str] = &[
    "",
    "percent=1",
    "percent=100",
    "percent=0",
    "percent=101",
    "percent=-1",
    "percent=x",
    "percent",
    "percent=",
    "percent=5 percent=6",
    "percent=5 percent=200",
    "smalls_rw=5,-5",
    "smalls_rw=6",
    "smalls_rw=1,2,3",
    "smalls_rw=1,2,3,4",
    "smalls_rw=1,9",
    "smalls_rw=",
    "smalls_rw",
    "speed=low",
    "speed=full",
    "speed=very-high",
    "speed=very_high",
    "speed=LOW",
    "speed=lo",
    "speed=lower",
    "speed",
    "speed=",
    "speed=low speed=full",
    "speed=low,full",
    "even=2",
    "even=3",
    "even=-4",
    "even=0x10",
    "even=",
    "even",
    "even=2 even=3",
    "even=99999999999999999999",
    "size",
    "size=80x24",
    "size=x",
    "size=8x",
    "size=x8",
    "size=1x2x3",
    "size=99999x1",
    "size=80",
    "size=12345678x1",
    "size=",
    "size=1x2 size",
    "size=1x2 size=bad",
    "size=\"1 x 2\"",
    "percent=7 speed=full even=8 size=3x4",
    "percent_rw=0 speed=full",
    "speed_rw=full even_rw=2 size_rw=1x1",
    "size_rw",
];

/// What is written to the second module's parameters.
const WRITES_CB: &[(&str, &[&str])] = &[
    (
        "percent_rw",
        &["1", "100", "0", "101", "", "x", "7\n", "-1", "50 "],
    ),
    (
        "smalls_rw",
        &["5,-5", "1,2,3", "1,2,3,4", "", "4", "1\n", "-5\n"],
    ),
    (
        "speed_rw",
        &[
            "low",
            "full\n",
            "very-high",
            "high",
            "",
            "\n",
            "low\n\n",
            "full\0",
            "Low",
        ],
    ),
    ("even_rw", &["2", "3", "4\n", "-6", "x", "", "1", "8"]),
    (
        "size_rw",
        &[
            "1x2", "3x4\n", "5x", "x", "", "99999x1", "6x7\n", "8", "9x9x9",
        ],
    ),
    ("percent", &["5"]),
    ("missing", &["5"]),
];

/// Marsaglia's xorshift: the same strings in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| 1 + self.below(255) as u8).collect()
    }
}

/// The cases of a pair of modules, as lines for tests/params/replay.c.
pub fn of(name: &str) -> Vec<String> {
    match name {
        "params" => builtin(),
        _ => callbacks(),
    }
}

fn builtin() -> Vec<String> {
    let mut cases: Vec<String> = OPTIONS.iter().map(load).collect();
    for name in SCALARS {
        cases.extend(FEW.iter().map(|value| load(format!("{name}={value}"))));
    }
    for len in [1023, 1024, 1025, 4095, 4096, 5000] {
        let text = "x".repeat(len);
        for name in ["charp", "string", "i32", "ints", "words_rw"] {
            cases.push(load(format!("{name}={text}")));
        }
        cases.push(load(format!("words_rw={text},b")));
        cases.push(load(format!("unknown={text}")));
    }
    let mut random = Random(0x1234_5678_9abc_def1);
    for name in ["charp", "string", "i32", "bool", "ints", "words_rw", ""] {
        for len in [1, 3, 8, 20, 200] {
            let mut options = format!("{name}=").into_bytes();
            options.extend(random.bytes(len));
            cases.push(load(options));
        }
    }

    for name in SCALARS {
        let values = NUMBERS
            .iter()
            .map(|value| write(&format!("{name}_rw"), value));
        cases.extend(values);
    }
    let long = |len| "x".repeat(len);
    let strings = [
        "",
        "a",
        "a\n",
        "\n",
        "a b",
        "a,b",
        "\"a\"",
        "a\0b",
        "\u{e9}",
        "fifteen_bytes__",
        "sixteen_bytes___",
    ];
    for name in [
        "charp_rw",
        "null_rw",
        "string_rw",
        "words_rw",
        "ints_rw",
        "bools_rw",
    ] {
        cases.extend(strings.iter().map(|text| write(name, text)));
        cases.extend([1023, 1024, 1025, 4094, 4095, 4096, 4097].map(|len| write(name, long(len))));
        cases.extend([1, 5, 15, 60].map(|len| write(name, random.bytes(len))));
    }
    for list in [
        "1,2",
        "1,2,3,4,5",
        "7",
        "1,x",
        "1,2,3,4",
        ",",
        "-1\n",
        "0x7,8\n",
    ] {
        cases.push(write("ints_rw", list));
        cases.push(write("words_rw", list));
        cases.push(write("bools_rw", list));
    }
    for (name, value) in [
        ("i32", "1"),
        ("charp", "x"),
        ("danger", "1"),
        ("danger", "x"),
        ("hidden", "1"),
    ] {
        cases.push(write(name, value));
    }
    cases
}

fn callbacks() -> Vec<String> {
    let mut cases: Vec<String> = OPTIONS_CB.iter().map(load).collect();
    let mut random = Random(0xfeed_beef_dead_cafe);
    for name in ["percent", "speed", "even", "size", "smalls_rw"] {
        for len in [1, 4, 30] {
            let mut options = format!("{name}=").into_bytes();
            options.extend(random.bytes(len));
            cases.push(load(options));
        }
    }
    for (name, values) in WRITES_CB {
        cases.extend(values.iter().map(|value| write(name, value)));
        cases.extend([2, 9].map(|len| write(name, random.bytes(len))));
    }
    cases
}

/// A case given in words, its last one to be encoded; `*N` stands for N of the longest numbers.
pub fn encode_words(case: &str) -> String {
    match case.split_once(' ') {
        None => load(""),
        Some(("write", rest)) => {
            let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
            write(name, value)
        }
        Some((_, options)) => match options.split_once('*') {
            Some((name, count)) => {
                let count = count.parse().expect("a count of numbers");
                load(name.to_owned() + &vec![u64::MAX.to_string(); count].join(","))
            }
            None => load(options),
        },
    }
}

fn load(options: impl AsRef<[u8]>) -> String {
    format!("load {}", hex(options.as_ref()))
}

fn write(name: &str, value: impl AsRef<[u8]>) -> String {
    format!("write {name} {}", hex(value.as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
