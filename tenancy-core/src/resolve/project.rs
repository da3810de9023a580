//! Which of the projects that a credential grants a request is for, if any.

use super::agreement::{Agreed, Agreement, Disagreement};
use crate::naming::Named;
use crate::{ProjectAccess, ProjectId, RefusalCause, TenantContext};

/// The one project that all places name which name any.
pub(crate) fn named<'h>(
    places: impl Iterator<Item = (&'static str, Named<'h>)>,
) -> Result<Option<ProjectId>, RefusalCause> {
    let mut agreement = Agreement::new();
    for (place, named) in places {
        let meant = match named {
            Named::Nothing => continue,
            Named::Name(name) => ProjectId::parse(&name).ok(),
            Named::Nonsense => None,
        };
        agreement
            .add(place, meant)
            .map_err(
                |Disagreement { first, second }| RefusalCause::ProjectsDisagree { first, second },
            )?;
    }
    match agreement.reached() {
        Agreed::Unnamed => Ok(None),
        Agreed::On(project) => Ok(Some(project)),
        Agreed::OnNothingThatExists(_) => Err(RefusalCause::ProjectNotGranted),
    }
}

/// The project that was named, or the only one that the credential grants.
///
/// What the credential says is a limit, and `access` has to agree. Where neither says anything, nothing is granted.
pub(crate) async fn granted(
    context: &TenantContext,
    named: Option<ProjectId>,
    access: Option<&dyn ProjectAccess>,
) -> Result<Option<ProjectId>, RefusalCause> {
    let project = match (named, context.granted_projects()) {
        (Some(named), Some(granted)) if granted.contains(&named) => Some(named),
        (Some(_), Some(_)) => return Err(RefusalCause::ProjectNotGranted),
        (Some(_), None) if access.is_none() => return Err(RefusalCause::ProjectUndecided),
        (Some(named), None) => Some(named),
        (None, Some([only])) => Some(only.clone()),
        (None, _) => None,
    };
    match (&project, access) {
        (Some(project), Some(access)) if !access.may_enter(context, project).await? => {
            Err(RefusalCause::ProjectAccessDenied)
        }
        _ => Ok(project),
    }
}
