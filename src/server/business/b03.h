/* B03 职工首次参保及险种增加, for its tests: the fields that it counts with, and a row as it is written. */
#pragma once
#include "server/business/business.h"

enum b03_field {
	B03_ID_NUMBER,
	B03_NAME,
	B03_ID_TYPE,
	B03_GENDER,
	B03_BIRTH,
	B03_ETHNIC,
	B03_MOBILE,
	B03_ENROL_TYPE,
	B03_INS,
	B03_START_MONTH,
	B03_HIRE_DATE,
	B03_CONTRACT_TYPE,
	B03_CONTRACT_FROM,
	B03_CONTRACT_TO,
	B03_EMPLOY_FORM,
	B03_POST,
	B03_POST_CLASS,
	B03_SPECIAL_JOB,
	B03_WAGE,
	B03_HUKOU_TYPE,
	B03_HUKOU_ADDR,
	B03_LIVE_ADDR,
	B03_REMARK,
	B03_FIELD_COUNT
};
struct b03 {
	char name[NAME_MAX_BYTES + 1], id_type[3], id_number[ID_NUMBER_LEN + 1], gender[2], ethnic[3],
		mobile[MOBILE_LEN + 1];
	int64_t birth;
	char enrol_type[2];
	unsigned ins;
	int start_month;
	int64_t hire_date;
	char contract_type[2], employ_form[3], post[SERVICE_LINE_MAX + 1], hukou_type[3], post_class[2];
	int64_t contract_from, contract_to; /* 0: none */
	int retire_class;                   /* enum retire_class */
	bool special_job;
	int64_t wage_fen; /* -1: none that can be read */
	char hukou_addr[SERVICE_LINE_MAX + 1], live_addr[SERVICE_LINE_MAX + 1], remark[SERVICE_LINE_MAX + 1];
};
extern const struct business business_b03;
