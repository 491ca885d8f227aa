//! Applies the plan of one stack with a change set. The change set is executed only if it does what the plan shows, or
//! if the listener approves the difference.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use super::operation::{Difference, Operations};
use crate::edge::cloudformation::{ChangeSet, ChangeSetKind, ChangeSetRequest, ChangeSetState};
use crate::failure::Failure;
use crate::plan::{CHANGE_SETS, StackAction, StackPlan};
use crate::stack::{Deployed, State, TAG, import};

impl Operations<'_> {
    /// Applies a stack's plan; returns the stack in its new state. `id` identifies the attempt and is unique. Fails if
    /// the stack has changed since the plan was created, or with a [`Difference`] that is not approved.
    pub async fn apply(
        &mut self,
        plan: &StackPlan,
        template: &str,
        parameters: &BTreeMap<String, String>,
        id: &str,
    ) -> Result<Deployed> {
        let mut found = self.idle(&plan.name).await?;
        if let Some(stack) = found.take_if(|stack| stack.state() == State::ReviewInProgress) {
            self.listener.starts("deleting the empty stack");
            self.remove(&stack).await?;
        }
        if let (StackAction::Update, Some(stack)) = (plan.action, &mut found) {
            stack.template = self.cloudformation.template(&stack.id).await?;
        }
        let as_planned = match plan.action {
            StackAction::Update => plan.matches(found.as_ref()),
            StackAction::Keep => found.is_some(),
            StackAction::Create | StackAction::Recreate | StackAction::Wait => found.is_none(),
        };
        let changed = || format!("the stack `{}` has changed since the plan was created", plan.name);
        ensure!(as_planned, Failure::temporary(changed()).hint("run the same command again"));
        for name in &plan.leftovers {
            self.cloudformation.drop_change_set(&plan.name, name).await?;
        }
        let done = match (plan.action, found) {
            (StackAction::Keep, Some(found)) => found,
            (_, found) => self.change(plan, template, parameters, found, id).await?,
        };
        if let Some(protect) = plan.protect {
            self.cloudformation.protect(&plan.name, protect).await?;
        }
        Ok(done)
    }

    /// Creates the change set of a stack that is created or updated, and deletes it; returns the number of its changes. `id`
    /// is unique.
    pub async fn preview(
        &mut self,
        plan: &StackPlan,
        template: &str,
        parameters: &BTreeMap<String, String>,
        id: &str,
    ) -> Result<usize> {
        let found = self.idle(&plan.name).await?;
        let (stack, name) = (plan.name.as_str(), format!("{CHANGE_SETS}{id}"));
        let kind = if found.is_none() { ChangeSetKind::Create } else { ChangeSetKind::Update };
        let tags = found.as_ref().map(|stack| stack.tags.clone()).unwrap_or_default();
        let request = ChangeSetRequest { stack, kind, name: &name, template, parameters, tags: &tags };
        let (set, created) = self.cloudformation.create_change_set(&request).await?;
        let set = self.cloudformation.wait_for_change_set(&set).await;
        let rejected = match &set {
            Ok(ChangeSet { id, state: ChangeSetState::Rejected(why), .. }) => {
                Some(self.rejection(stack, id, why).await)
            }
            _ => None,
        };
        let dropped = self.cloudformation.drop_change_set(stack, &name).await;
        if found.is_none() {
            self.remove_review(&created).await?;
        }
        dropped?;
        rejected.map_or_else(|| Ok(set?.changes.len()), Err)
    }

    /// Explains why CloudFormation rejected a change set, which still exists.
    async fn rejection(&self, stack: &str, id: &str, why: &str) -> anyhow::Error {
        let problems = self.cloudformation.validation_problems(id).await.unwrap_or_default();
        let reasons = if problems.is_empty() { why.to_owned() } else { problems.join("; ") };
        Failure::new(format!("CloudFormation rejected the change set for `{stack}`: {reasons}")).into()
    }

    /// Deletes the empty stack that a change set created; one that another deployment has created is kept.
    async fn remove_review(&mut self, stack: &str) -> Result<()> {
        let found = self.cloudformation.stack(stack).await?;
        match found.filter(|stack| stack.state() == State::ReviewInProgress) {
            Some(review) => self.remove(&review).await,
            None => Ok(()),
        }
    }

    /// Deletes a stack that was never created.
    async fn remove(&mut self, stack: &Deployed) -> Result<()> {
        if stack.protected {
            self.cloudformation.protect(&stack.id, false).await?;
        }
        match self.run(&stack.id, self.cloudformation.delete(&stack.id, &[])).await? {
            Some(stack) => Err(self.failed(&stack).await),
            None => Ok(()),
        }
    }

    /// Imports the resources that the stack adopts, then creates or updates the stack.
    async fn change(
        &mut self,
        plan: &StackPlan,
        template: &str,
        parameters: &BTreeMap<String, String>,
        mut found: Option<Deployed>,
        id: &str,
    ) -> Result<Deployed> {
        let stack = plan.name.as_str();
        if found.is_none() && !plan.adopts.is_empty() {
            let (template, name) = (import(&plan.adopts), format!("{CHANGE_SETS}{id}-imports"));
            let (kind, none) = (ChangeSetKind::Import(&plan.adopts), BTreeMap::new());
            let request =
                ChangeSetRequest { stack, kind, name: &name, template: &template, parameters: &none, tags: &none };
            found = Some(self.execute(Some(plan), &request, None).await?);
        }
        self.listener.starts("creating the change set");
        let name = format!("{CHANGE_SETS}{id}");
        let kind = if found.is_none() { ChangeSetKind::Create } else { ChangeSetKind::Update };
        let mut tags = found.as_ref().map(|stack| stack.tags.clone()).unwrap_or_default();
        tags.extend(plan.tag.iter().map(|module| (TAG.to_owned(), module.clone())));
        let request = ChangeSetRequest { stack, kind, name: &name, template, parameters, tags: &tags };
        self.execute(Some(plan), &request, found).await
    }

    /// Updates an existing stack without a plan. `id` identifies the attempt and is unique.
    pub async fn update(
        &mut self,
        stack: &Deployed,
        template: &str,
        parameters: &BTreeMap<String, String>,
        id: &str,
    ) -> Result<()> {
        let name = format!("{CHANGE_SETS}{id}");
        let (kind, tags) = (ChangeSetKind::Update, &stack.tags);
        let request = ChangeSetRequest { stack: &stack.name, kind, name: &name, template, parameters, tags };
        self.execute(None, &request, Some(stack.clone())).await.map(drop)
    }

    /// Creates a change set and executes it, or deletes it again if it is empty, rejected or not approved.
    async fn execute(
        &mut self,
        plan: Option<&StackPlan>,
        request: &ChangeSetRequest<'_>,
        found: Option<Deployed>,
    ) -> Result<Deployed> {
        let cloudformation = self.cloudformation;
        let (set, stack) = cloudformation.create_change_set(request).await?;
        let set = cloudformation.wait_for_change_set(&set).await?;
        let refusal: Option<anyhow::Error> = match &set.state {
            ChangeSetState::Empty => None,
            ChangeSetState::Rejected(why) => Some(self.rejection(request.stack, &set.id, why).await),
            ChangeSetState::Ready => {
                let difference = plan.and_then(|plan| Difference::of(plan, &set));
                match difference.filter(|difference| !self.listener.approves(difference)) {
                    Some(difference) => Some(difference.into()),
                    None => {
                        self.listener.starts(match request.kind {
                            ChangeSetKind::Create => "creating",
                            ChangeSetKind::Update => "updating",
                            ChangeSetKind::Import(_) => "importing existing resources",
                        });
                        let deleted = || format!("the stack `{}` was deleted during the operation", request.stack);
                        let done = self.run(&stack, cloudformation.execute(&set.id)).await?.with_context(deleted)?;
                        let succeeded = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"];
                        let has_succeeded = succeeded.contains(&done.status.as_str());
                        return if has_succeeded { Ok(done) } else { Err(self.failed(&done).await) };
                    }
                }
            }
        };
        // A stack in review would block the next deployment.
        if found.is_none() {
            self.remove_review(&stack).await?;
        } else {
            cloudformation.drop_change_set(request.stack, request.name).await?;
        }
        match (refusal, found) {
            (Some(error), _) => Err(error),
            (None, Some(found)) => Ok(found),
            (None, None) => bail!("CloudFormation found no resources to create in the stack `{}`", request.stack),
        }
    }
}
