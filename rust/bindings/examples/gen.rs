fn main(){ let a:Vec<String>=std::env::args().collect(); let flags=std::fs::read_to_string(&a[2]).unwrap();
 let fl=bindings_generator::clang_flags(flags.split_whitespace().skip(1));
 bindings_generator::generate(&bindings_generator::Job{header:a[1].as_ref(),flags:&fl,preprocessed:&std::fs::read_to_string(&a[5]).unwrap(),rust_target:"1.85",bindings:a[3].clone().into(),proof:a[4].clone().into()}).unwrap(); }
