//! Ports for programs that are told where to listen, and are stopped and started again; and
//! for those of ours that listen themselves.
//!
//! A free port that the system chose may be given to somebody else before the program
//! listens, or while it is stopped: it is one of those the system deals out, to whoever
//! listens or connects. So ours are from below that range, and nobody gets one by chance
//! but those who choose as we do. For them a UDP socket of the same number is held, which
//! hinders no TCP, and which the system closes when we die, however we do.
//!
//! Whether one is free is asked by binding to it, and not by listening: a process that is
//! being started at that moment has our sockets, too, until it runs its own program, and one
//! that listens would keep everybody from the port so long.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;

use tokio::net::TcpSocket;

/// Above the ports of well-known services, below those the system deals out.
const OURS: RangeInclusive<u16> = 20_000..=32_000;
/// Those the system deals out, on Linux; elsewhere they begin at 49152 (RFC 6335).
const DEALT_OUT: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// A port that is ours until this is dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _held: UdpSocket,
}

impl Port {
    /// Takes one that nobody uses, for a program that is told it.
    pub fn take() -> io::Result<Self> {
        first(Self::hold)
    }

    /// Takes one and listens on it, with nothing between for anybody else to listen there
    /// first.
    pub fn listening() -> io::Result<(Self, TcpListener)> {
        first(|number| {
            let port = Self::reserve(number)?;
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
            Some((port, listener))
        })
    }

    fn hold(number: u16) -> Option<Self> {
        let port = Self::reserve(number)?;
        let probe = TcpSocket::new_v4().ok()?;
        // As whoever listens there later does: two such sockets are no conflict until one listens.
        probe.set_reuseaddr(true).ok()?;
        probe.bind((Ipv4Addr::LOCALHOST, number).into()).ok()?;
        Some(port)
    }

    /// Keeps everybody away who chooses as we do.
    fn reserve(number: u16) -> Option<Self> {
        let held = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
        Some(Self { number, _held: held })
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// What a program is told that listens there.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }
}

/// What is made of the first of our ports that anything can be made of.
fn first<T>(make: impl Fn(u16) -> Option<T>) -> io::Result<T> {
    let dealt_out = std::fs::read_to_string(DEALT_OUT).ok().and_then(|text| range(&text));
    let all = OURS.end() - OURS.start() + 1;
    let start = u16::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(all)).unwrap_or_default();
    let numbers = (0..all).map(|n| OURS.start() + (start + n) % all);
    let mut ours = numbers.filter(|number| !dealt_out.as_ref().is_some_and(|range| range.contains(number)));
    ours.find_map(make).ok_or_else(|| io::Error::other("no port is free"))
}

/// As Linux writes one: two numbers with a tab between.
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let mut ends = text.split_whitespace().map(|end| end.parse().ok());
    Some(ends.next()??..=ends.next()??)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_port_is_taken_twice_nor_dealt_out_by_the_system() {
        let ports: Vec<Port> = (0..200).map(|_| Port::take().unwrap()).collect();
        let numbers: BTreeSet<u16> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), ports.len());
        let dealt_out: Vec<TcpListener> = (0..200).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        for listener in &dealt_out {
            assert!(!numbers.contains(&listener.local_addr().unwrap().port()));
        }
        for port in &ports {
            drop(TcpListener::bind(port.address()).expect("a held port can be listened on"));
        }
    }

    #[test]
    fn what_is_listened_on_is_not_taken() {
        let busy = Port::take().unwrap();
        let listener = TcpListener::bind(busy.address()).unwrap();
        let number = busy.number();
        drop(busy);
        assert!(Port::hold(number).is_none());
        drop(listener);
        assert!(Port::hold(number).is_some());
    }

    #[test]
    fn who_listens_at_once_is_alone_there() {
        let (port, listener) = Port::listening().unwrap();
        assert_eq!(listener.local_addr().unwrap().to_string(), port.address());
        assert!(TcpListener::bind(port.address()).is_err());
        assert!(Port::hold(port.number()).is_none());
    }

    #[test]
    fn the_range_of_linux_is_read() {
        assert_eq!(range("32768\t60999\n"), Some(32_768..=60_999));
        assert_eq!(range("32768"), None);
    }
}
