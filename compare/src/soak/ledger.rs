//! The balance: of a channel, and of the whole run.

use std::{collections::BTreeMap, ops::AddAssign};

/// What the sending end did.
#[derive(Debug, Default)]
pub struct Sent {
    /// Items that it made: the numbers below this.
    pub made: u64,
    /// Items that it had in its hands at the end: never taken, given back by a cancelled or refused
    /// send.
    pub kept: Vec<u64>,
    /// Items in futures that were forgotten: they may have been received, or leaked with the
    /// future.
    pub forgotten: Vec<u64>,
    /// Sends that were cancelled or timed out.
    pub cancelled: u64,
    /// Items that came back in errors or through `reclaim`.
    pub came_back: u64,
}

/// What the receiving end did.
#[derive(Debug, Default)]
pub struct Received {
    /// What it received, in order.
    pub items: Vec<u64>,
    /// Receives that were cancelled or timed out.
    pub cancelled: u64,
    /// Items that were lent and put back.
    pub put_back: u64,
}

/// The sums of all channels.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    /// Channels.
    pub channels: u64,
    /// Items made.
    pub made: u64,
    /// Items received.
    pub received: u64,
    /// Items that the sender had at the end.
    pub kept: u64,
    /// Items that leaked in forgotten futures.
    pub leaked: u64,
    /// Sends cancelled.
    pub cancelled_sends: u64,
    /// Receives cancelled.
    pub cancelled_receives: u64,
    /// Items that came back to their sender, some of them to be sent again.
    pub came_back: u64,
    /// Items lent and put back.
    pub put_back: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.channels += other.channels;
        self.made += other.made;
        self.received += other.received;
        self.kept += other.kept;
        self.leaked += other.leaked;
        self.cancelled_sends += other.cancelled_sends;
        self.cancelled_receives += other.cancelled_receives;
        self.came_back += other.came_back;
        self.put_back += other.put_back;
    }
}

/// Draws a channel's balance.
///
/// # Errors
///
/// What does not balance.
pub fn balance(sent: &Sent, received: &Received) -> Result<Totals, String> {
    if let Some(pair) = received.items.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!("item {} came after item {}", pair[1], pair[0]));
    }
    let mut fates: BTreeMap<u64, &str> = BTreeMap::new();
    let all = received.items.iter().map(|number| (number, "received"));
    let all = all.chain(sent.kept.iter().map(|number| (number, "kept")));
    for (number, fate) in all {
        if *number >= sent.made {
            return Err(format!("item {number} was {fate} and never made"));
        }
        if let Some(before) = fates.insert(*number, fate) {
            return Err(format!("item {number} was {before} and {fate}"));
        }
    }
    let mut leaked = 0;
    for number in (0..sent.made).filter(|number| !fates.contains_key(number)) {
        if !sent.forgotten.contains(&number) {
            return Err(format!("item {number} is nowhere"));
        }
        leaked += 1;
    }
    Ok(Totals {
        channels: 1,
        made: sent.made,
        received: received.items.len() as u64,
        kept: sent.kept.len() as u64,
        leaked,
        cancelled_sends: sent.cancelled,
        cancelled_receives: received.cancelled,
        came_back: sent.came_back,
        put_back: received.put_back,
    })
}

#[cfg(test)]
mod tests {
    use super::{balance, Received, Sent};

    fn drawn(items: &[u64], kept: &[u64], forgotten: &[u64]) -> Result<u64, String> {
        let sent = Sent {
            made: 4,
            kept: kept.to_vec(),
            forgotten: forgotten.to_vec(),
            ..Sent::default()
        };
        let received = Received {
            items: items.to_vec(),
            ..Received::default()
        };
        balance(&sent, &received).map(|totals| totals.leaked)
    }

    #[test]
    fn balances() {
        assert_eq!(drawn(&[0, 1, 3], &[2], &[]), Ok(0));
        assert_eq!(drawn(&[0, 1, 3], &[], &[2]), Ok(1));
        assert_eq!(drawn(&[0, 1, 2, 3], &[], &[2]), Ok(0));
    }

    #[test]
    fn does_not_balance() {
        assert!(drawn(&[0, 1, 3], &[], &[]).is_err());
        assert!(drawn(&[0, 1, 3, 2], &[], &[]).is_err());
        assert!(drawn(&[0, 1, 2, 3], &[2], &[]).is_err());
        assert!(drawn(&[0, 1, 2, 2, 3], &[], &[]).is_err());
        assert!(drawn(&[0, 1, 2, 3], &[4], &[]).is_err());
    }
}
