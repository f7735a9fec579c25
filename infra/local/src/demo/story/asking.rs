//! Asking the market as a step says: as whom, for what, with what.

use market_identity::Role;
use serde_json::{Value, json};

use super::{Seen, Story, list, stuck};
use crate::client::{Answer, Client, pay};
use crate::demo::DemoError;
use crate::demo::script::{Payment, Step, Wanted};

impl Story<'_> {
    pub(super) async fn ask(&self, step: &Step) -> Result<Option<Seen>, DemoError> {
        let seen = if let Some(path) = &step.get {
            self.client(step)?.get(&self.names.text(path)?).await?.into()
        } else if let Some(path) = &step.post {
            let mut body = self.names.fill(step.body.as_ref().unwrap_or(&json!({})))?;
            for (name, value) in &step.but {
                body[name] = self.names.fill(value)?;
            }
            let (client, path) = (self.client(step)?, self.names.text(path)?);
            match &step.key {
                Some(key) => client.post_as(&self.names.text(key)?, &path, body).await?.into(),
                None => client.post(&path, body).await?.into(),
            }
        } else if let Some(path) = &step.all {
            let items = list(&self.client(step)?, &self.names.text(path)?).await?;
            Seen { status: 200, body: items.into(), text: String::new() }
        } else if let Some(payment) = &step.pay {
            self.pay(payment).await?.into()
        } else if let Some(wanted) = &step.notice {
            let found = self.notice(wanted, step).await?;
            Seen { status: 200, body: found.unwrap_or_default(), text: String::new() }
        } else {
            return Ok(None);
        };
        Ok(Some(seen))
    }

    fn client(&self, step: &Step) -> Result<Client, DemoError> {
        let by = self.names.text(step.by.as_deref().unwrap_or_default())?;
        if by == "anyone" {
            return Ok(Client::anonymous(self.running));
        }
        self.player(&by)
    }

    pub(super) fn player(&self, name: &str) -> Result<Client, DemoError> {
        let (role, subject) =
            self.script.players.get(name).ok_or_else(|| stuck(format!("nobody is called {name:?}")))?;
        let role = Role::ALL.into_iter().find(|known| known.name() == role);
        Ok(Client::of(self.running, role.ok_or_else(|| stuck("no such role"))?, subject))
    }

    async fn pay(&self, payment: &Payment) -> Result<Answer, DemoError> {
        let amount_fen = self.names.fill(&payment.amount_fen)?.as_i64();
        let (id, account, order) = (
            self.names.text(&payment.payment_id)?,
            self.names.text(&payment.account_id)?,
            self.names.text(&payment.order_id)?,
        );
        let amount_fen = amount_fen.ok_or_else(|| stuck("an amount is no number"))?;
        Ok(pay(self.running, &id, &account, &order, amount_fen).await?)
    }

    /// The first notice that is as wanted, and has what the step says if any has.
    async fn notice(&self, wanted: &Wanted, step: &Step) -> Result<Option<Value>, DemoError> {
        let mut notices = list(&self.player("operator")?, &format!("/{}/notices", wanted.to)).await?;
        notices.retain(|n| n["about"] == *wanted.about && n["channel"] == *wanted.channel);
        for notice in &notices {
            if self.lacking(step, notice)?.is_none() {
                return Ok(Some(notice.clone()));
            }
        }
        Ok(notices.into_iter().next())
    }
}
