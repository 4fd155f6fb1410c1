//! Ports for programs that are told where to listen, and are stopped and started again.
//!
//! A free port that the system chose may be given to somebody else before the program
//! listens, or while it is stopped: it is one of those the system deals out, to whoever
//! listens or connects. So ours are from below that range, and nobody gets one by chance
//! but those who choose as we do. For them a UDP socket of the same number is held, which
//! hinders no TCP, and which the system closes when we die, however we do.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;

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
    /// Takes one that nobody uses.
    pub fn take() -> io::Result<Self> {
        let dealt_out = std::fs::read_to_string(DEALT_OUT).ok().and_then(|text| range(&text));
        let all = OURS.end() - OURS.start() + 1;
        let first = u16::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(all)).unwrap_or_default();
        let numbers = (0..all).map(|n| OURS.start() + (first + n) % all);
        let ours = numbers.filter(|number| !dealt_out.as_ref().is_some_and(|range| range.contains(number)));
        ours.filter_map(Self::hold).next().ok_or_else(|| io::Error::other("no port is free"))
    }

    fn hold(number: u16) -> Option<Self> {
        let held = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
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
    fn the_range_of_linux_is_read() {
        assert_eq!(range("32768\t60999\n"), Some(32_768..=60_999));
        assert_eq!(range("32768"), None);
    }
}
