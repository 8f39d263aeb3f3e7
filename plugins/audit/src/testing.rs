//! A chain in memory that can be tampered with.

use std::sync::Mutex;

use async_trait::async_trait;
use doorward_api::audit::{ChainHead, Cut, GENESIS, StoredRecord, Trimmed, chain_hash};
use doorward_api::ports::AuditLog;
use doorward_api::{AuditEvent, EventContext, EventKind, StoreError, Timestamp, VirtualServerId};

/// The rows, as somebody with the database in their hands sees them.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) records: Vec<StoredRecord>,
    pub(crate) head: Option<ChainHead>,
    pub(crate) trimmed: Option<Trimmed>,
}

#[derive(Default)]
pub(crate) struct Chain(pub(crate) Mutex<Rows>);

impl Chain {
    /// A chain of so many records, one a second from second 1 on.
    pub(crate) fn of(records: i64) -> Self {
        let chain = Self::default();
        for second in 1..=records {
            chain.append("alice", Timestamp::from_secs(second));
        }
        chain
    }

    /// As the store appends.
    pub(crate) fn append(&self, name: &str, at: Timestamp) {
        self.append_event(&event(name), at);
    }

    /// The same of any event.
    pub(crate) fn append_event(&self, event: &AuditEvent, at: Timestamp) {
        let mut rows = self.0.lock().unwrap();
        let head = rows.head.clone().unwrap_or(ChainHead { seq: 0, hash: GENESIS.into() });
        let record = event.record("default", head.seq + 1, at);
        let hash = chain_hash(&head.hash, &record);
        rows.head = Some(ChainHead { seq: head.seq + 1, hash: hash.clone() });
        rows.records.push(StoredRecord { seq: head.seq + 1, prev: head.hash, hash, record });
    }

    /// As the store cuts, and takes away all but `left` of what is to go.
    pub(crate) fn cut(&self, cut: &Cut, left: i64, at: Timestamp) {
        let told_by = self.0.lock().unwrap().head.as_ref().map_or(1, |head| head.seq + 1);
        self.append_event(&cut.event, at);
        let mut rows = self.0.lock().unwrap();
        rows.trimmed = Some(Trimmed { upto: cut.upto, hash: cut.hash.clone(), told_by });
        rows.records.retain(|record| record.seq > cut.upto - left);
    }

    pub(crate) fn tamper(&self, how: impl FnOnce(&mut Rows)) {
        how(&mut self.0.lock().unwrap());
    }
}

impl Rows {
    pub(crate) fn at(&mut self, seq: i64) -> &mut StoredRecord {
        self.records.iter_mut().find(|r| r.seq == seq).unwrap()
    }

    /// Makes all hashes from a record on right again, and the head too.
    pub(crate) fn rehash_from(&mut self, seq: i64) {
        let mut prev = self.records.iter().find(|r| r.seq == seq - 1).map_or(GENESIS.into(), |r| r.hash.clone());
        for record in self.records.iter_mut().filter(|r| r.seq >= seq) {
            record.prev = prev;
            record.hash = chain_hash(&record.prev, &record.record);
            prev = record.hash.clone();
        }
        self.repair_head();
    }

    pub(crate) fn repair_head(&mut self) {
        self.head = self.records.last().map(|r| ChainHead { seq: r.seq, hash: r.hash.clone() });
    }
}

/// A canonical record.
pub(crate) fn record(name: &str, seq: i64, at: Timestamp) -> String {
    event(name).record("default", seq, at)
}

fn event(name: &str) -> AuditEvent {
    let context = EventContext { used_name: Some(name.to_owned()), ..EventContext::default() };
    AuditEvent::new(EventKind::AuthSuccess, context).with("reason", "none")
}

#[async_trait]
impl AuditLog for Chain {
    async fn records(&self, _: &VirtualServerId, after: i64, limit: u32) -> Result<Vec<StoredRecord>, StoreError> {
        let mut found: Vec<_> = self.0.lock().unwrap().records.iter().filter(|r| r.seq > after).cloned().collect();
        found.sort_by_key(|r| r.seq);
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn head(&self, _: &VirtualServerId) -> Result<ChainHead, StoreError> {
        Ok(self.0.lock().unwrap().head.clone().unwrap_or(ChainHead { seq: 0, hash: GENESIS.into() }))
    }

    async fn trimmed(&self, _: &VirtualServerId) -> Result<Option<Trimmed>, StoreError> {
        Ok(self.0.lock().unwrap().trimmed.clone())
    }

    async fn virtual_servers(&self) -> Result<Vec<VirtualServerId>, StoreError> {
        Ok(vec![VirtualServerId::new("default")])
    }
}
