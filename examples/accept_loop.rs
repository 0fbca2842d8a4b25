//! A server that accepts at most one client ahead of its worker, and that tells those who were not
//! served when it stops.
//!
//! ```text
//! cargo run --example accept_loop
//! curl http://127.0.0.1:PORT/    # in another terminal, with the port that it printed
//! ```
//!
//! It stops at Ctrl-C. An address to listen on can be given, such as `0.0.0.0:8080`.
//!
//! One loop accepts, and one worker serves, one client after the other. Between them is the channel.
//! A client is accepted, and the next one only when the worker has taken it. So one client at most is
//! accepted and not served. All others wait in the queue of the operating system, which has a limit
//! and which a load balancer can see. A channel with a buffer would accept them and let them wait
//! where nobody sees them.
//!
//! At Ctrl-C a token is cancelled, which is the limit of the send. If the worker did not take the
//! client, the error has it. The loop returns it, together with those in the queue, and each of them
//! is told to come again later. The worker ends with the client that it has.

use futures::future::join_all;
use futures_lite::future::{or, pending, zip};
use handoff::{channel, Receiver, Sender};
use std::env;
use std::fmt;
use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long a client may take for its request and for our answer. It holds up all others.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the head of a request may be, in bytes.
const LONGEST_HEAD: usize = 8 * 1024;

struct Client {
    number: usize,
    connection: TcpStream,
}

/// Accepts clients and hands them to the worker, until it is told to stop. Returns those that were
/// not served.
async fn accept(
    listener: TcpListener,
    mut worker: Sender<Client>,
    stop: &CancellationToken,
) -> io::Result<Vec<Client>> {
    let mut number = 0;
    let mut unserved = Vec::new();
    loop {
        let connection = tokio::select! {
            accepted = listener.accept() => accepted?.0,
            () = stop.cancelled() => break,
        };
        number += 1;
        say(format_args!("client {number} came"));
        let client = Client { number, connection };
        if let Err(error) = worker.send(client).until(stop.cancelled()).await {
            // The worker did not take it, and will not. So it is ours.
            unserved.push(error.into_inner());
            break;
        }
    }

    // Those in the queue think that they are connected. They are told, too.
    let listener = listener.into_std()?;
    while let Ok((connection, _)) = listener.accept() {
        connection.set_nonblocking(true)?;
        let connection = TcpStream::from_std(connection)?;
        number += 1;
        unserved.push(Client { number, connection });
    }
    Ok(unserved)
}

/// Serves one client after the other. Returns how many were served.
async fn work(mut clients: Receiver<Client>) -> usize {
    let mut served = 0;
    while let Some(Client { number, connection }) = clients.recv().await {
        let message = format!("hello, client {number}\n");
        match answer(connection, "200 OK", &message).await {
            Ok(()) => {
                served += 1;
                say(format_args!("client {number} was served"));
            }
            Err(error) => say(format_args!("client {number} was lost: {error}")),
        }
    }
    served
}

/// Tells a client that it was not served.
async fn refuse(Client { number, connection }: Client) {
    say(format_args!("client {number} was not served"));
    let message = "stopping, please try again\n";
    if let Err(error) = answer(connection, "503 Service Unavailable", message).await {
        say(format_args!("client {number} was lost: {error}"));
    }
}

/// Reads a request and answers it, whatever it is.
async fn answer(mut connection: TcpStream, status: &str, message: &str) -> io::Result<()> {
    let exchange = async {
        let mut head = Vec::new();
        while !head.windows(4).any(|window| window == b"\r\n\r\n") {
            if head.len() > LONGEST_HEAD {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no end of head"));
            }
            if connection.read_buf(&mut head).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = message.len();
        let response = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{message}"
        );
        connection.write_all(response.as_bytes()).await?;
        connection.shutdown().await?;
        // To close with something unread would reset the connection, and could destroy the answer.
        // So we read until the client closes, too.
        tokio::io::copy(&mut connection, &mut tokio::io::sink()).await?;
        Ok(())
    };
    let in_time = timeout(PATIENCE, exchange).await;
    in_time.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Serves until Ctrl-C.
async fn run(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let (sender, receiver) = channel();

    let interrupt = async {
        let outcome = tokio::signal::ctrl_c().await;
        say(format_args!("stopping"));
        stop.cancel();
        match outcome {
            // The server ends when its last client is served.
            Ok(()) => pending().await,
            Err(error) => Err(error),
        }
    };
    let serve = async {
        say(format_args!("listening on http://{address}"));
        let accepting = async {
            let unserved = accept(listener, sender, &stop).await?;
            let number = unserved.len();
            join_all(unserved.into_iter().map(refuse)).await;
            io::Result::Ok(number)
        };
        let (unserved, served) = zip(accepting, work(receiver)).await;
        say(format_args!("{served} served, {} not served", unserved?));
        Ok(())
    };
    // `or` polls the first one first. So Ctrl-C is caught before we say that we are listening.
    or(interrupt, serve).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let address = arguments.next();
    if arguments.next().is_some() {
        let _ = writeln!(io::stderr(), "usage: accept_loop [ADDRESS]");
        return ExitCode::from(2);
    }
    let address = address.as_deref().unwrap_or("127.0.0.1:0");
    match run(address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "accept_loop: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line. If nobody reads it any more, as in `| head -1`, the program ends quietly.
fn say(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        process::exit(0);
    }
}
