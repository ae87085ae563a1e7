/* How the ledger says who came (entries of kind person): what src/flow/people.c writes and an audit reads. */
#ifndef FLOW_PEOPLE_H
#define FLOW_PEOPLE_H

#define ENT_CLAUSE_FIRST "custodian: the first, by nobody"
#define ENT_CLAUSE_SECOND "custodian: the second, by the first alone"
#define ENT_CLAUSE_PROPOSED "proposed: "     /* then the role */
#define ENT_CLAUSE_APPROVED "works here: "   /* the same role, case number and commitment, and another's word */

#endif
