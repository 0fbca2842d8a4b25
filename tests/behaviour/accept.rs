//! Exact back-pressure as far as the kernel: a listener that accepts only what a worker asks for.

use async_io::Async;

use crate::common::watchdog;
use futures_lite::future::{block_on, zip};
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use handoff::{channel, Sender};
use std::net::{TcpListener, TcpStream};

type Connection = Async<TcpStream>;

async fn accept(listener: Async<TcpListener>, mut worker: Sender<Connection>) -> usize {
    let mut accepted = 0;
    while worker.wanted().await {
        let (connection, _) = listener.accept().await.unwrap();
        accepted += 1;
        worker.send(connection).await.unwrap();
    }
    accepted
}

/// A byte there and back: all that the operating system had to tell before is told after it.
async fn exchange(mut client: &Connection, mut server: &Connection) {
    let mut byte = [0];
    client.write_all(&[1]).await.unwrap();
    server.read_exact(&mut byte).await.unwrap();
    server.write_all(&[2]).await.unwrap();
    client.read_exact(&mut byte).await.unwrap();
    assert_eq!(byte, [2]);
}

#[test]
fn a_client_that_no_worker_asked_for_is_left_to_the_kernel() {
    watchdog(|| {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let address = listener.get_ref().local_addr().unwrap();
        let kernel = listener.get_ref().try_clone().unwrap();
        let (tx, mut rx) = channel::<Connection>();
        let working = async move {
            for _ in 0..20 {
                let client = Connection::connect(address).await.unwrap();
                let connection = rx.recv().await.unwrap();
                let peer = connection.get_ref().peer_addr().unwrap();
                assert_eq!(peer, client.get_ref().local_addr().unwrap());

                // Another client comes while the worker is busy with this one.
                let other = Connection::connect(address).await.unwrap();
                exchange(&client, &connection).await;
                let (_, left) = kernel.accept().expect("nobody accepted it in the meantime");
                assert_eq!(left, other.get_ref().local_addr().unwrap());
            }
        };
        let (accepted, ()) = block_on(zip(accept(listener, tx), working));
        assert_eq!(accepted, 20);
    });
}
