//! What a decision costs: remembered ones their key and a look-up, the others Cedar.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement, not a part of the product")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use doorward_access::gate::{Gate, LastAnswer, Verdict};
use doorward_access::records::Recorder;
use doorward_access::site::Shadow;
use doorward_api::ports::NoMetrics;
use doorward_api::{Decision, Subject};
use doorward_benches::fixtures::{NOW, alice, page, site, virtual_server};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn decide(criterion: &mut Criterion) {
    let (server, site) = (virtual_server(0), site());
    let (alice, object) = (alice(), page("/wiki/start"));
    let gate = Gate::new(Arc::new(NoMetrics));
    // A connection that has asked nothing yet: one that has is answered by what it keeps.
    let ask = || gate.decide(&mut LastAnswer::default(), &site, &server, &alice, &object, NOW);
    assert!(matches!(ask(), Verdict::Admit(_)));

    let mut group = criterion.benchmark_group("decide");
    group.bench_function("remembered", |bencher| bencher.iter(|| black_box(ask())));

    let (recorder, mut watched) = (Arc::new(Recorder::new()), virtual_server(0));
    watched.beside.record_days = 14;
    watched.beside.shadow = Some(Shadow { folder: "next".to_owned(), loaded: Ok(watched.policies.clone()) });
    let noting = Gate::new(Arc::new(NoMetrics)).noting(recorder.clone());
    let ask_noting = || noting.decide(&mut LastAnswer::default(), &site, &watched, &alice, &object, NOW);
    assert!(matches!(ask_noting(), Verdict::Admit(_)));
    // What was noted is taken up beside the requests, so it is not of their time.
    group.bench_function("remembered_and_noted", |bencher| {
        bencher.iter_custom(|times| {
            let mut took = Duration::ZERO;
            let mut left = times;
            while left > 0 {
                let portion = left.min(1000);
                let began = Instant::now();
                (0..portion).for_each(|_| drop(black_box(ask_noting())));
                took += began.elapsed();
                recorder.forget();
                left -= portion;
            }
            took
        });
    });

    let slice = server.policies.slice(&object.app);
    assert!(matches!(slice.decide(&alice, &object, NOW), Decision::Admit { .. }));
    group.bench_function("evaluated", |bencher| bencher.iter(|| black_box(slice.decide(&alice, &object, NOW))));

    let nobody = Subject::Anonymous;
    assert!(matches!(slice.decide(&nobody, &object, NOW), Decision::Challenge { .. }));
    group.bench_function("evaluated_challenge", |bencher| {
        bencher.iter(|| black_box(slice.decide(&nobody, &object, NOW)))
    });

    let large = virtual_server(9_999);
    let of_many = || large.policies.slice(&object.app).decide(&alice, &object, NOW);
    assert!(matches!(of_many(), Decision::Admit { .. }));
    group.bench_function("evaluated_of_10000", |bencher| bencher.iter(|| black_box(of_many())));
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
