//! The embedded engine, for the tests here and for those of `tests/faults`.

use std::net::Ipv4Addr;

/// Starts one in memory, in a thread and runtime of its own, as it works under one lock; its address.
pub fn start() -> String {
    let database = dynoxide::Database::memory().unwrap();
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await
        })
    });
    url
}
