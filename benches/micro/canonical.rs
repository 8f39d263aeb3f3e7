//! Bringing host and target into canonical form, as every request is.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement, not a part of the product")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use doorward_access::site::AppOptions;
use doorward_proxy::canonical::{canonical_host, canonical_path, judged_path, split_target};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Its own canonical form already, as nearly all are; and one that is not.
const TARGETS: [(&str, &[u8]); 2] = [
    ("path", b"/wiki/projects/~gate/pages/start.html?do=edit&rev=1764000000"),
    ("path_escaped", b"/wiki/projects/%7egate/pages/start.html?do=edit&rev=1764000000"),
];

fn canonical(criterion: &mut Criterion) {
    let options = AppOptions::default();
    let path_of = |target: &[u8]| {
        let (path, _) = split_target(black_box(target)).unwrap();
        let path: Arc<str> = canonical_path(path, &options).unwrap().into();
        (judged_path(&path, &options).unwrap(), path)
    };

    let mut group = criterion.benchmark_group("canonical");
    group.bench_function("host", |bencher| {
        bencher.iter(|| canonical_host(black_box("wiki.example.test:8443")).unwrap())
    });
    for (name, target) in TARGETS {
        assert_eq!(&*path_of(target).1, "/wiki/projects/~gate/pages/start.html");
        group.bench_function(name, |bencher| bencher.iter(|| path_of(target)));
    }
    group.finish();
}

criterion_group!(benches, canonical);
criterion_main!(benches);
